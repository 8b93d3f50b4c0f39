import { type ParetoTail, tailPValue, tailQuantile, tailUpperLimit } from './pareto-tail.js'

/** Distribution of the NLL of calibration records: counted steps, and a tail beyond the last of them. */
export interface Calibration {
  /** Calibration records, n. */
  readonly rows: number
  /** [steps], ascending, each once, nats */
  readonly nll: Float64Array
  /** [steps]; calibration records with a larger NLL than the step's */
  readonly above: Int32Array
  readonly tail: ParetoTail | null
}

/**
 * Makes the steps of a calibration set: all of the least likely, and evenly many of the others, where nobody needs a p-value
 * to four digits; a model of 400,000 calibration records would otherwise weigh three megabytes more.
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
 * p-values: up to the junction of the tail by counting, split-conformal; beyond it by the tail.
 *
 *     p = (1 + #{calibration nll ≥ nll}) / (n + 1)
 *
 * For a record exchangeable with the calibration records, P(p ≤ α) ≤ α at every α that is reached by counting, whatever
 * the model. Between two steps the larger count is taken.
 *
 * @param nll  [count], nats
 * @returns [count], above 0, at most 1; never larger for a larger nll
 * @see Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, § 2.2
 */
export function pValues(calibration: Calibration, nll: Float64Array): Float64Array {
  const { tail } = calibration
  return nll.map((own) => (tail !== null && own > tail.junction ? tailPValue(tail, own) : counted(calibration, own)))
}

/** The 95 % upper confidence limit of one p-value: how sure the calibration set is of it; counted ones by Wilson's limit of a share. */
export function pUpperLimit(calibration: Calibration, nll: number): number {
  const { tail, rows } = calibration
  if (tail !== null && nll > tail.junction) return tailUpperLimit(tail, nll)
  const p = counted(calibration, nll)
  const half = Z_95 * Math.sqrt((p * (1 - p)) / rows + Z_95 ** 2 / (4 * rows ** 2))
  return Math.min(1, (p + Z_95 ** 2 / (2 * rows) + half) / (1 + Z_95 ** 2 / rows))
}

/** The NLL above which p ≤ alertRate, nats; infinite where the calibration set is too small for the rate. */
export function alertThreshold({ rows, nll, above, tail }: Calibration, alertRate: number): number {
  if (tail !== null && alertRate < tail.junctionPValue) {
    return tailQuantile(tail, alertRate)
  }
  const step = above.findIndex((records) => 1 + records <= alertRate * (rows + 1))
  return step < 0 ? Number.POSITIVE_INFINITY : nll[step]!
}

/** Of the normal distribution, one-sided. */
const Z_95 = 1.645

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
