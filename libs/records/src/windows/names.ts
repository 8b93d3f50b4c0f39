import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { plainText } from '@outflow/contracts'

/** UTF-16 units, at most 1,500 bytes of UTF-8: an index row of Postgres has 2,704 for the name, pipeline, topic and path. */
const LONGEST_NAME = 500
/** Units of a longer name that are kept before its hash. */
const LEGIBLE_START = 100

/**
 * Returns an entity's name in a form that Postgres can store and index: NUL and lone surrogates become U+FFFD, and a long name is shortened
 * as by `shortName`. Null is no entity.
 */
export function entityOf(name: string | null): string | null {
  return name === null ? null : plainText(shortName(name))
}

/**
 * Returns a name of at most 500 UTF-16 units as it is; a longer one, which could have the length of a message, as its first 100, `…sha256:`
 * and the hash of the whole name.
 */
export function shortName(name: string): string {
  if (name.length <= LONGEST_NAME) return name
  // A copy: a slice would keep the whole name in memory.
  const start = Buffer.from(name.slice(0, LEGIBLE_START)).toString()
  return `${plainText(start)}…sha256:${createHash('sha256').update(name).digest('hex')}`
}

/**
 * Returns the text of a Kafka key, `0x` and hex of one that is no text, such as a number of 8 bytes; null if it is absent or empty, as for a
 * field that is the entity.
 */
export function textOfKey(key: Buffer | null): string | null {
  if (key === null || key.length === 0) return null
  // As text, keys with bytes that are not UTF-8 would have replacement characters, so several would have one name; Postgres stores no NUL.
  return isUtf8(key) && !key.includes(0) ? key.toString('utf8') : `0x${key.toString('hex')}`
}

/**
 * Returns a 53-bit hash of a value, NaN for a missing one. Two of 256 values collide with a probability of 4e-12.
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
