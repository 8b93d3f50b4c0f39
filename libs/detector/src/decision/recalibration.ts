import type { Recalibration } from '@outflow/contracts'
import { argMin } from '../bits.js'
import type { ScoreBlock } from '../drift/drift.js'

interface RecalibrationOptions {
  /** [buckets + 1]; p-values at the borders of the buckets by the model's own calibration, descending from 1 to 0. */
  readonly borders: ArrayLike<number>
  /** Intended share of anomalies. */
  readonly alertRate: number
  /** Largest factor by which the odds of a p-value change; 1 or more. */
  readonly within: number
}

/**
 * Recalibrates p-values to slow change of the scores between two fits, so that the share of anomalies stays at the alert rate.
 * It uses the newest blocks: at least 100 / alertRate records and 15 minutes, at most six hours.
 *
 *     expected log-odds = a + b·own log-odds        by the shares beyond the median and beyond p ≈ 1/7 of the own calibration
 *     recalibrated share   = expected share · (beyond + 10) / (expected records beyond + 10)        the factor in ½ … 2
 *
 * The bulk of the records predicts the tail, and the observed tail corrects the prediction by at most a factor of two. This
 * corrects the error of a small calibration set, and limits the effect of an attack, which hardly changes the bulk. No odds
 * change by more than a factor of `within`: a record whose own p-value is below alertRate / within stays an anomaly.
 *
 * @param blocks  of one model, counted by its own p-values, in order of time
 * @returns null below 200 records
 */
export function fitRecalibration(
  blocks: readonly ScoreBlock[],
  { borders, alertRate, within }: RecalibrationOptions,
): Recalibration | null {
  const counts = recentCounts(blocks, RECORDS_PER_RATE / alertRate)
  const beyond = Array.from(counts).map((_, bucket) => counts.subarray(bucket).reduce((sum, count) => sum + count, 0))
  const records = beyond[0] ?? 0
  if (records < FEWEST_RECORDS) return null
  const own = Array.from(borders).map(logOddsOf).slice(1, -1)
  const expected = bulkLine(own, beyond, records)
  const limit = Math.log(within)
  let recalibrated = Number.NEGATIVE_INFINITY
  const shift = own.map((logOdds, knot) => {
    const due = records * shareOf(expected(logOdds))
    const correction = between(0.5, (beyond[knot + 1]! + TAIL_PRIOR) / (due + TAIL_PRIOR), 2)
    // Records with p > ½ are not in the tail.
    const corrected = expected(logOdds) - (logOdds > 0 ? Math.log(correction) : 0)
    // The running maximum keeps the order of the records.
    recalibrated = Math.max(recalibrated, logOdds - between(-limit, logOdds - corrected, limit))
    return logOdds - recalibrated
  })
  return { at: own, shift }
}

/**
 * Recalibrates p-values.
 *
 * @param recalibration  null: none, the p-values are returned unchanged
 * @param pValue         [count]; by the model's own calibration
 * @returns [count], above 0, at most 1; in the same order
 */
export function recalibrate(recalibration: Recalibration | null, pValue: Float64Array): Float64Array {
  if (recalibration === null) return pValue
  return pValue.map((p) => (p < 1 ? shareOf(logOddsOf(p) - shiftAt(recalibration, logOddsOf(p))) : 1))
}

/** The p-value by the model's own calibration that is recalibrated to this one. */
export function ownPValueOf({ at, shift }: Recalibration, pValue: number): number {
  const recalibrated = at.map((knot, place) => knot - shift[place]!)
  const inverse = { at: recalibrated, shift: shift.map((by) => -by) }
  return recalibrate(inverse, Float64Array.of(pValue))[0]!
}

/** Largest difference of two recalibrations, in log-odds; null is none. */
export function recalibrationDistance(one: Recalibration, other: Recalibration | null): number {
  return one.shift.reduce((most, shift, knot) => Math.max(most, Math.abs(shift - (other?.shift[knot] ?? 0))), 0)
}

/** The line from log-odds by the own calibration to those that the bulk predicts. */
function bulkLine(own: readonly number[], beyond: readonly number[], records: number): (logOdds: number) => number {
  const now = (knot: number) =>
    logOddsOf((beyond[knot + 1]! + BULK_PRIOR * shareOf(own[knot]!)) / (records + BULK_PRIOR))
  const [middle, upper] = [nearest(own, 0), nearest(own, UPPER_LOG_ODDS)]
  const slope = between(0.5, (now(upper) - now(middle)) / (own[upper]! - own[middle]!), 2)
  return (logOdds) => now(middle) + slope * (logOdds - own[middle]!)
}

/** Sums the newest blocks. */
function recentCounts(blocks: readonly ScoreBlock[], wanted: number): Float64Array {
  const newest = blocks.at(-1)
  const sum = new Float64Array(newest?.counts.length ?? 0)
  let records = 0
  for (const { startMs, counts } of blocks.toReversed()) {
    const ageMs = newest!.startMs - startMs
    if (ageMs >= LONGEST_MS || (ageMs >= SHORTEST_MS && records >= wanted)) break
    for (let bucket = 0; bucket < counts.length; bucket++) {
      sum[bucket]! += counts[bucket]!
      records += counts[bucket]!
    }
  }
  return sum
}

function shiftAt({ at, shift }: Recalibration, logOdds: number): number {
  const above = at.findIndex((knot) => knot > logOdds)
  if (above < 0) return shift.at(-1)!
  if (above === 0) return shift[0]!
  const part = (logOdds - at[above - 1]!) / (at[above]! - at[above - 1]!)
  return shift[above - 1]! + part * (shift[above]! - shift[above - 1]!)
}

const logOddsOf = (p: number) => Math.log1p(-p) - Math.log(p)
const shareOf = (logOdds: number) => 1 / (1 + Math.exp(logOdds))
const between = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value))

const nearest = (own: readonly number[], wanted: number) =>
  argMin(Float64Array.from(own, (knot) => Math.abs(knot - wanted)))

const FEWEST_RECORDS = 200
/** The rate of a hundred anomalies has a relative error of a tenth. */
const RECORDS_PER_RATE = 100
/** Longer than an attack of ten minutes, which is then only a part of the records. */
const SHORTEST_MS = 15 * 60_000
const LONGEST_MS = 6 * 3_600_000
/** Log-odds of p ≈ 1/7. */
const UPPER_LOG_ODDS = 1.75
/** Weights of the own calibration, in records: in the bulk, and beyond a border. */
const BULK_PRIOR = 200
const TAIL_PRIOR = 10
