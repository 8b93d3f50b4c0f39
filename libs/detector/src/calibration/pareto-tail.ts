/**
 * The tail of the calibration NLLs: a weighted mixture of generalised Pareto distributions (members) of the excess over the
 * junction.
 *
 *     p(nll) = p(junction) · Σⱼ weightⱼ · (1 + shapeⱼ·(nll − junction) / scaleⱼ)^(−1 / shapeⱼ)     for nll > junction
 */
export interface ParetoTail {
  /** nats; p-values are counted up to the junction */
  readonly junction: number
  /** The counted p-value at the junction, which the tail continues. */
  readonly junctionPValue: number
  /** Number of calibration records beyond the junction. */
  readonly beyond: number
  /** [members], ≥ 0; 0 is the exponential */
  readonly shape: Float64Array
  /** [members], nats */
  readonly scale: Float64Array
  /** [members], sum 1 */
  readonly weight: Float64Array
}

/**
 * Fits the tail of a calibration set.
 *
 * The threshold is that of Pareto smoothing, with k = min(n / 5, 3·√n) records beyond it; k is halved while a Kolmogorov–Smirnov
 * test rejects the fit, or the largest record is implausible under it. The members are weighted by the profile likelihood over
 * the grid of Zhang & Stephens: their mixture is the predictive tail, which is heavier where records are few, and their spread is
 * its uncertainty. No member is lighter than exponential: the NLL of a Gaussian is exponential, and a bounded tail would give p = 0.
 *
 * Extreme records that the tail of the others does not explain are left out of the fit, but count in the p-value at the junction.
 * They are the records beyond a wide gap, at most as many as the contamination allows. If a fit to all records is good, they are
 * left out only if they are nearly impossible under the tail of the others.
 *
 * @param calibration    [n], ascending, nats
 * @param contamination  share of the records that may be anomalies
 * @returns null if fewer than 30 records would be fitted or no fit is good; no p-value is then below 1 / (n + 1)
 * @see Zhang & Stephens 2009, Technometrics 51(3); Vehtari et al. 2024, JMLR 25(72), § 3 and appendix F
 */
export function fitParetoTail(calibration: Float64Array, contamination = 0): ParetoTail | null {
  const gaps = wideGaps(calibration, contamination)
  return (
    fitBelowGap(gaps, calibration, MOST_EXPECTED_BEYOND_GAP) ??
    fitWithout(0, calibration) ??
    fitBelowGap(gaps, calibration, LEAST_ABOVE_LARGEST)
  )
}

/** Number of records beyond each wide gap, the largest first; at most as many as the contamination allows. */
export function wideGaps(calibration: Float64Array, contamination: number): number[] {
  const n = calibration.length
  const most = n * contamination + 3 * Math.sqrt(n * contamination * (1 - contamination))
  const gaps: number[] = []
  for (let beyond = 1; beyond <= most && beyond + FEWEST_EXCEEDANCES < n; beyond++) {
    const below = n - beyond - 1
    const span = calibration[below]! - calibration[below - FEWEST_EXCEEDANCES]!
    if (calibration[below + 1]! - calibration[below]! > WIDE_GAP * span) gaps.unshift(beyond)
  }
  return gaps
}

/** Fits the records below the lowest gap beyond which the fit expects fewer records than `mostExpected`. */
function fitBelowGap(gaps: readonly number[], calibration: Float64Array, mostExpected: number): ParetoTail | null {
  for (const extremes of gaps) {
    const tail = fitWithout(extremes, calibration)
    const expected = tail === null ? 1 : calibration.length * tailPValue(tail, calibration.at(-extremes)!)
    if (expected < mostExpected) return tail
  }
  return null
}

/** Width of a gap, in spans of the 30 records below it. One of 10,000 exponential sets has such a gap below its largest record. */
const WIDE_GAP = 3
/**
 * With 0.1 instead, a Pareto tail of shape 0.6 loses its largest record in one of ten sets, and with 2,000 records 1.6 times the
 * rate of 0.1 / n are anomalies instead of 1.3 times.
 */
const MOST_EXPECTED_BEYOND_GAP = 1e-3

/** @param extremes  how many of the largest records are left out of the fit */
function fitWithout(extremes: number, calibration: Float64Array): ParetoTail | null {
  const n = calibration.length - extremes
  const rest = calibration.subarray(0, n)
  for (let k = Math.floor(Math.min(n / 5, 3 * Math.sqrt(n))); k >= FEWEST_EXCEEDANCES; k = k >> 1) {
    const threshold = rest[n - k - 1]!
    const excesses = rest.subarray(n - k).map((nll) => nll - threshold)
    const members = excesses[0]! > 0 && Number.isFinite(excesses[k - 1]!) ? fitMembers(excesses) : null
    if (members !== null && isGoodFit(members, excesses)) return joinTail(calibration, extremes, threshold, members)
  }
  return null
}

/** p-value of an NLL beyond the junction, nats; decreases with the NLL and is never 0. */
export function tailPValue(tail: ParetoTail, nll: number): number {
  return Math.max(SMALLEST_P_VALUE, tail.junctionPValue * Math.exp(logSurvival(tail, nll - tail.junction)))
}

/**
 * The 95 % upper confidence limit of a tail p-value. It combines, in quadrature of logarithms, the 95 % quantile of the members and
 * the random error of the number of calibration records beyond the junction. There is no lower limit, because the p-value itself is
 * biased upward.
 */
export function tailUpperLimit(tail: ParetoTail, nll: number): number {
  const excess = nll - tail.junction
  const own = logSurvival(tail, excess)
  const wider = Math.hypot(Z_95 / Math.sqrt(tail.beyond), Math.max(0, heavyLogSurvival(tail, excess) - own))
  return Math.min(1, Math.max(SMALLEST_P_VALUE, tail.junctionPValue * Math.exp(own + wider)))
}

/** The smallest NLL with a tail p-value of at most `pValue`, nats. */
export function tailQuantile(tail: ParetoTail, pValue: number): number {
  let low = tail.junction
  let step = Math.max(...tail.scale)
  while (tailPValue(tail, low + step) > pValue) step *= 2
  let high = low + step
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = low + (high - low) / 2
    if (tailPValue(tail, middle) > pValue) low = middle
    else high = middle
  }
  return high
}

type Members = Pick<ParetoTail, 'shape' | 'scale' | 'weight'>

const FEWEST_EXCEEDANCES = 30
/** Calibration records beyond the junction: their share of the set has a relative error of a third. */
const BEYOND_JUNCTION = 10
/**
 * √k times the largest distance of the distribution functions, at 1 % for an exponential with its mean fitted.
 *
 * @see Stephens 1974, JASA 69(347), table 1B: 1.308
 */
const LARGEST_MISFIT = 1.308
/** Least number of exceedances that a fit expects beyond the largest one. One of ten sets has fewer; a smaller k then fits as well. */
const LEAST_ABOVE_LARGEST = 0.1
/** Postgres accepts no number below the smallest normal float64, 2.2e-308. */
const SMALLEST_P_VALUE = 1e-300
/** One-sided 95 % quantile of the standard normal. */
export const Z_95 = 1.645
const HALVINGS = 60

/** @param excesses  [k], ascending, above 0 */
function fitMembers(excesses: Float64Array): Members {
  const k = excesses.length
  const largest = excesses[k - 1]!
  const quartile = excesses[Math.floor(k / 4 + 0.5) - 1]!
  const count = GRID_AT_LEAST + Math.floor(Math.sqrt(k))
  const mean = excesses.reduce((sum, x) => sum + x, 0) / k
  const shape = new Float64Array(count)
  const scale = new Float64Array(count)
  const logLikelihood = new Float64Array(count)
  for (let j = 0; j < count; j++) {
    const theta = 1 / largest + (1 - Math.sqrt(count / (j + 0.5))) / (PRIOR * quartile)
    const own = excesses.reduce((sum, x) => sum + Math.log1p(-theta * x), 0) / k
    logLikelihood[j] = k * (Math.log(-theta / own) - own - 1)
    const isHeavy = own > 0
    shape[j] = (k * (isHeavy ? own : 0) + PRIOR_RECORDS * PRIOR_SHAPE) / (k + PRIOR_RECORDS)
    scale[j] = isHeavy ? -own / theta : mean
  }
  const best = logLikelihood.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  return { shape, scale, weight: normalised(logLikelihood.map((own) => Math.exp(own - best))) }
}

/** Both from Zhang & Stephens, § 3. */
const GRID_AT_LEAST = 30
const PRIOR = 3
/** Prior of a heavy tail with the weight of ten records, as in Pareto smoothing; thousands of exceedances outweigh it. */
const PRIOR_RECORDS = 10
const PRIOR_SHAPE = 0.5

/** log Σⱼ weightⱼ · Sⱼ(excess). Loops: with `map` and `reduce` it takes twice as long, and an explanation needs it often. */
function logSurvival({ shape, scale, weight }: Members, excess: number): number {
  const logs = new Float64Array(weight.length)
  let most = Number.NEGATIVE_INFINITY
  for (let j = 0; j < logs.length; j++) {
    logs[j] = Math.log(weight[j]!) + memberLog(shape[j]!, scale[j]!, excess)
    most = Math.max(most, logs[j]!)
  }
  let sum = 0
  for (let j = 0; j < logs.length; j++) sum += Math.exp(logs[j]! - most)
  return most + Math.log(sum)
}

/** log survival of the member at the upper 5 % of the weight. */
function heavyLogSurvival({ shape, scale, weight }: Members, excess: number): number {
  const each = Array.from(weight, (share, j) => ({ share, log: memberLog(shape[j]!, scale[j]!, excess) }))
  let sum = 0
  for (const { share, log } of each.toSorted((a, b) => b.log - a.log)) {
    sum += share
    if (sum >= 0.05) return log
  }
  return Number.NEGATIVE_INFINITY
}

function memberLog(shape: number, scale: number, excess: number): number {
  const scaled = excess / scale
  return shape * scaled < 1e-8 ? -scaled : -Math.log1p(shape * scaled) / shape
}

/** A Kolmogorov–Smirnov test of all exceedances, and a test of the largest one, to which the former is not sensitive. */
function isGoodFit(members: Members, excesses: Float64Array): boolean {
  const k = excesses.length
  const furthest = excesses.reduce((worst, x, i) => {
    const below = -Math.expm1(logSurvival(members, x))
    return Math.max(worst, Math.abs(below - i / k), Math.abs((i + 1) / k - below))
  }, 0)
  const aboveLargest = k * Math.exp(logSurvival(members, excesses[k - 1]!))
  return Math.sqrt(k) * furthest <= LARGEST_MISFIT && aboveLargest >= LEAST_ABOVE_LARGEST
}

/** Conditions the members on the junction: the shape is the same, and the scale grows by shape × distance. */
function joinTail(calibration: Float64Array, extremes: number, threshold: number, members: Members): ParetoTail {
  const n = calibration.length
  const beyond = BEYOND_JUNCTION + extremes
  const junction = calibration[n - 1 - beyond]!
  const junctionPValue = (1 + n - calibration.indexOf(junction)) / (n + 1)
  return { junction, junctionPValue, beyond, ...conditioned(members, junction - threshold) }
}

/**
 * Moves the junction of a tail outwards, so that p-values are counted up to fewer records from the end. The tail continues the counted p-value
 * of records just beyond the junction.
 *
 * @param calibration  [n], ascending, nats
 * @param beyond       calibration records beyond the new junction
 */
export function joinLater(tail: ParetoTail, calibration: Float64Array, beyond: number): ParetoTail {
  const junction = calibration.at(-1 - beyond)!
  const junctionPValue = (1 + beyond) / (calibration.length + 1)
  return { ...tail, junction, junctionPValue, beyond, ...conditioned(tail, junction - tail.junction) }
}

/** The members of the excess over a threshold that is higher by `by` nats. */
function conditioned({ shape, scale, weight }: Members, by: number): Members {
  return {
    shape,
    scale: scale.map((own, j) => own + shape[j]! * by),
    weight: normalised(weight.map((own, j) => own * Math.exp(memberLog(shape[j]!, scale[j]!, by)))),
  }
}

function normalised(values: Float64Array): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0)
  return values.map((own) => own / sum)
}
