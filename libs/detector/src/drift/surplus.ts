import { argMin } from '../bits.js'
import { ALLOWANCE, boundedStep, LARGEST_STEP, mergeBlocks, type ScoreBlock } from './drift.js'

/** A share of anomalies above the alert rate. */
export interface Surplus {
  /** Epoch ms; when the sum was last zero, the estimated start of the surplus. */
  readonly changedMs: number
  /** Epoch ms; start of the last block. */
  readonly raisedMs: number
  readonly statistic: number
}

export interface SurplusOptions {
  /** [buckets + 1]; p-values at the borders of the buckets, descending from 1 to 0. */
  readonly borders: ArrayLike<number>
  readonly alertRate: number
  /** Number of calibration records. */
  readonly calibrated: number
  /** From `driftLimit`. */
  readonly limit: number
}

/**
 * Monitors the share of anomalies by a cumulative sum, as in `watchDrift`, of
 *
 *     z = (share − due) / √(due·(1 − due)·(1/records + 1/calibrated) + (due/4)²)
 *
 * where due is the border of a bucket nearest to the alert rate: an excess of less than an eighth of it is no surplus. The sum is
 * bounded by one step beyond the limit, so that a surplus ends about twelve blocks after the share is normal again.
 *
 * @param blocks  counted by p-values, in order of time; merged until ten anomalies are expected in each
 * @returns the surplus after the last block; null if there is none
 */
export function watchSurplus(
  blocks: Iterable<ScoreBlock>,
  { borders, alertRate, calibrated, limit }: SurplusOptions,
): Surplus | null {
  const starts = Float64Array.from(borders).subarray(0, -1)
  const first = argMin(starts.map((p) => Math.abs(Math.log(p / alertRate))))
  const due = starts[first]!
  let found = { statistic: 0, changedMs: 0, raisedMs: 0 }
  for (const { startMs, counts } of mergeBlocks(FEWEST_DUE / due, blocks)) {
    const records = countFrom(counts, 0)
    const error = Math.sqrt(due * (1 - due) * (1 / records + 1 / calibrated) + (due * TOLERATED) ** 2)
    const step = boundedStep((countFrom(counts, first) / records - due) / error) - ALLOWANCE
    found = {
      statistic: Math.max(0, Math.min(limit + LARGEST_STEP, found.statistic + step)),
      changedMs: found.statistic === 0 ? startMs : found.changedMs,
      raisedMs: startMs,
    }
  }
  return found.statistic > limit ? found : null
}

function countFrom(counts: ArrayLike<number>, first: number): number {
  let sum = 0
  for (let bucket = first; bucket < counts.length; bucket++) sum += counts[bucket]!
  return sum
}

const FEWEST_DUE = 10
const TOLERATED = 0.25
