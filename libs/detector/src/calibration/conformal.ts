import type { ModelMetadata } from '@outflow/contracts'
import { type ParetoTail, tailPValue, tailQuantile, tailUpperLimit, wideGaps, Z_95 } from './pareto-tail.js'

/** Distribution of the NLL of the calibration records: counted steps and a fitted tail. */
export interface Calibration {
  /** Calibration records, n. */
  readonly rows: number
  /** [steps], ascending, without duplicates, nats */
  readonly nll: Float64Array
  /** [steps]; calibration records with a larger NLL than the step's */
  readonly above: Int32Array
  readonly tail: ParetoTail | null
}

/**
 * Makes the steps of a calibration set: all NLLs of the 10,000 least likely records, and evenly spaced ones of the others, where
 * p-values do not need four digits. All steps of 400,000 calibration records would add three megabytes to a model.
 *
 * @param ascending  [n], nats
 */
export function calibrationSteps(ascending: Float64Array): Omit<Calibration, 'tail'> {
  const n = ascending.length
  const stride = Math.ceil(n / STEPS)
  const kept: number[] = []
  for (let place = 0; place < n; place++) {
    const isLastOfEquals = ascending[place] !== ascending[place + 1]
    if (isLastOfEquals && (place >= n - STEPS || kept.length === 0 || place - kept.at(-1)! >= stride)) kept.push(place)
  }
  return {
    rows: n,
    nll: Float64Array.from(kept, (place) => ascending[place]!),
    above: Int32Array.from(kept, (place) => n - 1 - place),
  }
}

const STEPS = 10_000

/**
 * The inverse of `calibrationSteps`: exact for the 10,000 least likely records. Of the others, those between two steps get the NLL
 * of the higher one.
 *
 * @returns [n], ascending, nats
 */
export function sortedNlls({ rows, nll, above }: Pick<Calibration, 'rows' | 'nll' | 'above'>): Float64Array {
  const ascending = new Float64Array(rows)
  nll.forEach((own, step) => {
    ascending.fill(own, step === 0 ? 0 : rows - above[step - 1]!, rows - above[step]!)
  })
  return ascending
}

/**
 * Summarises a calibration set for the metadata of its model.
 *
 * @param ascending      [n], nats
 * @param contamination  share of the records that may be anomalies
 */
export function calibrationSummary(
  ascending: Float64Array,
  calibration: Calibration,
  contamination: number,
): Omit<ModelMetadata['calibration'], 'labels'> {
  const [extremes] = wideGaps(ascending, contamination)
  const pValueOf = (nll: number) => pValues(calibration, Float64Array.of(nll))[0]!
  return {
    rows: ascending.length,
    smallestPValue: 1 / (ascending.length + 1),
    medianNll: ascending[ascending.length >> 1]!,
    hasTail: calibration.tail !== null,
    extremes: extremes === undefined ? null : { rows: extremes, pValue: pValueOf(ascending.at(-extremes)!) },
  }
}

/**
 * p-values: counted (split-conformal) up to the junction, and from the tail beyond it.
 *
 *     p = (1 + #{calibration nll ≥ nll}) / (n + 1)
 *
 * For a record exchangeable with the calibration records, P(p ≤ α) ≤ α at every α in the counted range, for any model.
 * Between two steps the larger count is used.
 *
 * @param nll  [count], nats
 * @returns [count], above 0, at most 1; never larger for a larger nll
 * @see Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, § 2.2
 */
export function pValues(calibration: Calibration, nll: Float64Array): Float64Array {
  const { tail } = calibration
  return nll.map((own) => (tail !== null && own > tail.junction ? tailPValue(tail, own) : counted(calibration, own)))
}

/**
 * The 95 % upper confidence limit of the p-value of an NLL, given the size of the calibration set: Wilson's limit of a share for
 * counted p-values, `tailUpperLimit` beyond them.
 *
 * @param nll  nats
 */
export function pUpperLimit(calibration: Calibration, nll: number): number {
  const { tail, rows } = calibration
  if (tail !== null && nll > tail.junction) return tailUpperLimit(tail, nll)
  const p = counted(calibration, nll)
  const half = Z_95 * Math.sqrt((p * (1 - p)) / rows + Z_95 ** 2 / (4 * rows ** 2))
  return Math.min(1, (p + Z_95 ** 2 / (2 * rows) + half) / (1 + Z_95 ** 2 / rows))
}

/** The NLL above which p ≤ alertRate, nats; infinite if the calibration set is too small for the rate. */
export function alertThreshold({ rows, nll, above, tail }: Calibration, alertRate: number): number {
  if (tail !== null && alertRate < tail.junctionPValue) {
    return tailQuantile(tail, alertRate)
  }
  const step = above.findIndex((records) => 1 + records <= alertRate * (rows + 1))
  return step < 0 ? Number.POSITIVE_INFINITY : nll[step]!
}

function counted({ rows, nll, above }: Calibration, own: number): number {
  const below = stepsBelow(nll, own)
  return (1 + (below === 0 ? rows : above[below - 1]!)) / (rows + 1)
}

function stepsBelow(ascending: Float64Array, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
