import type { ModelMetadata } from '@outflow/contracts'
import { drawPlaces } from '@outflow/detector'

interface HoldOutOptions {
  /** Times of the window's records, epoch ms, ascending. */
  readonly times: readonly number[]
  /** End of the incumbent's training window; it was not fitted to newer records. null: there is no incumbent. */
  readonly seenUntilMs: number | null
  readonly seed: number
}

/**
 * Chooses the records on which a candidate is compared with its incumbent, and to which the candidate is therefore not
 * fitted: a uniform sample of those newer than the incumbent's window, or of the newer half if these are few.
 *
 * It is a sample rather than the newest records, because a fit needs the newest records most.
 *
 * @returns [count]; 1 marks a held-out record: a tenth of the window, at most 2,000 and at most half of the records it is drawn from
 */
export function holdOut({ times, seenUntilMs, seed }: HoldOutOptions): Uint8Array {
  const count = times.length
  const firstUnseen = seenUntilMs === null ? count : times.findIndex((time) => time > seenUntilMs)
  const unseen = firstUnseen < 0 ? 0 : count - firstUnseen
  const from = unseen >= FEWEST_UNSEEN ? firstUnseen : count >> 1
  const wanted = Math.max(FEWEST_HELD, Math.min(Math.floor(count * SHARE), MOST_HELD))
  const held = Math.min(wanted, (count - from) >> 1)
  const isHeld = new Uint8Array(count)
  for (const place of drawPlaces(count - from, held, seed).drawn) isHeld[from + place] = 1
  return isHeld
}

/** Returns the end of a model's training window, epoch ms; null: it has none. The time of a record in the window may be in the future. */
export const fittedUntilMs = ({ window, createdAt }: Pick<ModelMetadata, 'window' | 'createdAt'>): number | null =>
  window && Math.min(Date.parse(window.to), Date.parse(createdAt))

/** With fewer records, half of which are held out, the interval is too wide to compare two models. */
const FEWEST_UNSEEN = 400
const SHARE = 0.1
const MOST_HELD = 2_000
const FEWEST_HELD = 10
