import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

interface HoldOutOptions {
  /** Epoch ms of the window's records, ascending. */
  readonly times: readonly number[]
  /** End of the incumbent's own window: what is newer, no model has seen. null: there is no incumbent. */
  readonly seenUntilMs: number | null
  readonly seed: number
}

/**
 * Chooses the records that a candidate and its incumbent are compared on, and that the candidate is therefore not fitted
 * to: a uniform sample of those newer than the incumbent's window, or of the newer half where these are few.
 *
 * A sample and not the newest stretch itself: the newest records are those that the next model most needs to see.
 *
 * @returns [count]; 1 marks a record that is held out: a tenth of the window up to 2,000, at most half of those it is drawn from
 */
export function holdOut({ times, seenUntilMs, seed }: HoldOutOptions): Uint8Array {
  const count = times.length
  const firstUnseen = seenUntilMs === null ? count : times.findIndex((time) => time > seenUntilMs)
  const unseen = firstUnseen < 0 ? 0 : count - firstUnseen
  const from = unseen >= FEWEST_UNSEEN ? firstUnseen : count >> 1
  const pool = Uint32Array.from({ length: count - from }, (_, index) => from + index)
  const wanted = Math.max(FEWEST_HELD, Math.min(Math.floor(count * SHARE), MOST_HELD))
  const held = Math.min(wanted, pool.length >> 1)
  const random = xoroshiro128plus(seed)
  const isHeld = new Uint8Array(count)
  for (let place = 0; place < held; place++) {
    const other = uniformInt(random, place, pool.length - 1)
    const chosen = pool[other]!
    pool[other] = pool[place]!
    isHeld[chosen] = 1
  }
  return isHeld
}

/** Fewer give an interval too wide to compare two models: half of them are held out. */
const FEWEST_UNSEEN = 400
const SHARE = 0.1
const MOST_HELD = 2_000
const FEWEST_HELD = 10
