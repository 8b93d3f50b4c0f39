import { createHash } from 'node:crypto'

/** A longer name is kept by its SHA-256: an index of Postgres takes no text of some KiB. */
const LONGEST_NAME = 200

/** Gives an entity's name as the store can keep it: without NUL and lone surrogates, and not too long. */
export function entityOf(name: string): string {
  if (name.length > LONGEST_NAME) return `sha256:${createHash('sha256').update(name).digest('hex')}`
  // Nearly every name ends here: a surrogate, though in a pair, takes the longer way.
  return MAYBE_ODD.test(name) ? name.replace(ODD, '\uFFFD') : name
}

const MAYBE_ODD = /[\0\uD800-\uDFFF]/
const ODD = /\0|\p{Surrogate}/gu

/**
 * Gives 53 bits that stand for a value, NaN for a missing one. Two of 256 values are the same with a probability of 4e-12.
 *
 * @see MurmurHash3's mixing constants; the two halves are the two lanes
 */
export function hashOf(value: string | null): number {
  if (value === null) return Number.NaN
  let low = 0xdeadbeef
  let high = 0x41c6ce57
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    low = Math.imul(low ^ code, 2654435761)
    high = Math.imul(high ^ code, 1597334677)
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
