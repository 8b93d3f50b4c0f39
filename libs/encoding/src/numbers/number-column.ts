import { featureName, needsWholeWindow } from '@outflow/contracts/feature'
import type { NumberFeature } from '@outflow/records/fields'
import { type Cycle, fitCycle, hoursSinceCut, periodHours, timeAtHours } from './cycle.js'
import { fitLogUnit, inverseSignedLog, signedLog, slope } from './log-scale.js'

/**
 * The fitted parameters of one number of a record.
 *
 * A value has three coordinates: as in the record (cyclic: epoch ms); in the column's own unit, which reasons use (cyclic: hours
 * since the cut); on the line, where it is standardised (log scale: its signed log).
 */
export interface NumberColumn {
  readonly name: string
  readonly cycle: Cycle | null
  /** u of the signed log, own unit; absent if the scale is linear. */
  readonly logUnit?: number
  /** Mean and deviation on the line, without the contamination's share of outermost values. */
  readonly centre: number
  readonly scale: number
  /** The step of the values (1 for whole numbers), own unit; 0 if there is none. */
  readonly quantum: number
  /** A value that nearly all records share, modelled by the flag and not by the flow; null if there is none. */
  readonly usual: number | null
  /** 33 evenly spaced quantiles of the values, own unit, smallest to largest. */
  readonly quantiles: readonly number[]
}

/** States of a number's flag, which is a category in p(c). */
export type Flag = 'present' | 'missing' | 'usual'
/** |z| beyond this is clamped: in float32 a chain of exponentials would otherwise overflow. */
const LARGEST_Z = 1e4
const QUANTILES = 33
/** Largest factor by which outliers widen a column's deviation. */
const LARGEST_WIDENING = 20

/**
 * Fits a column's standardisation.
 *
 *     z = (y − centre) / scale        y on the line; scale = max(1 % of |centre|, 1) where the values do not vary
 *
 * @param raw            [n]; values of the records; NaN is missing
 * @param contamination  share of outermost values that mean and deviation leave out
 * @param usualShare     share of the values from which a common value counts as usual
 */
export function fitNumberColumn(
  feature: NumberFeature,
  raw: Float64Array,
  { contamination, usualShare }: { readonly contamination: number; readonly usualShare: number },
): NumberColumn {
  const cycle = feature.type === 'cyclic' ? fitCycle(feature.period, raw, feature.zone) : null
  const sorted = (cycle ? raw.map((time) => hoursSinceCut(cycle, time)) : raw).filter((x) => !Number.isNaN(x)).sort()
  const usual = cycle ? null : commonValue(sorted, usualShare)
  const rest = usual === null ? sorted : sorted.filter((x) => x !== usual)
  const spread = rest.length > 0 ? rest : sorted
  const logUnit = feature.type !== 'cyclic' && feature.scale === 'log' ? fitLogUnit(spread) : undefined
  // The signed log keeps the order.
  const line = logUnit === undefined ? spread : spread.map((x) => signedLog(logUnit, x))
  const cutOff = Math.floor((contamination * line.length) / 2)
  const { mean, deviation } = robustMoments(line, cutOff)
  return {
    name: featureName(feature),
    cycle,
    ...(logUnit === undefined ? {} : { logUnit }),
    centre: mean,
    scale: deviation > 0 ? deviation : Math.max(0.01 * Math.abs(mean), 1),
    quantum: findQuantum(spread, cycle !== null),
    usual,
    quantiles: Array.from({ length: QUANTILES }, (_, k) => quantile(spread, k / (QUANTILES - 1))),
  }
}

/** The state of a number's flag. */
export function flagOf({ usual }: NumberColumn, raw: number): Flag {
  if (Number.isNaN(raw)) return 'missing'
  return raw === usual ? 'usual' : 'present'
}

/**
 * The category of a flag in p(c): a window that was not seen whole is no rare event, because it depends on where reading began. Its
 * feature counts as present, with the density of a missing number.
 */
export function flagCategory(feature: NumberFeature, flag: Flag): Flag {
  return flag === 'missing' && needsWholeWindow(feature) ? 'present' : flag
}

/** From the record's value to the column's own unit; NaN stays NaN. */
export function toOwn({ cycle }: NumberColumn, raw: number): number {
  return cycle === null ? raw : hoursSinceCut(cycle, raw)
}

/** From the record's value to the line, where the flow sees it before standardising; NaN stays NaN. */
export function toLine(column: NumberColumn, raw: number): number {
  return ownToLine(column, toOwn(column, raw))
}

/** From the column's own unit to the line. */
export function ownToLine({ logUnit }: Pick<NumberColumn, 'logUnit'>, x: number): number {
  return logUnit === undefined ? x : signedLog(logUnit, x)
}

/** From the line to the column's own unit. */
export function fromLine({ logUnit }: Pick<NumberColumn, 'logUnit'>, y: number): number {
  return logUnit === undefined ? y : inverseSignedLog(logUnit, y)
}

/** @param y  on the line */
export function standardise({ centre, scale }: NumberColumn, y: number): number {
  return Math.max(-LARGEST_Z, Math.min(LARGEST_Z, (y - centre) / scale))
}

/** The log of the slope of the line at a value in the column's own unit. */
export function logSlope({ logUnit }: Pick<NumberColumn, 'logUnit'>, x: number): number {
  return logUnit === undefined ? 0 : Math.log(slope(logUnit, x))
}

/** From z to the column's own unit. */
export function unstandardise(column: NumberColumn, z: number): number {
  return fromLine(column, column.centre + z * column.scale)
}

/** From z back to the record's own value: rounded to the column's step; epoch ms where the feature is cyclic. */
export function restore(column: NumberColumn, z: number): number {
  const x = roundToStep(column, unstandardise(column, z))
  return column.cycle === null ? x : Math.round(timeAtHours(column.cycle, x))
}

/** Half the step of the values, in z; on a log scale, at the median value. */
export function halfStep({ quantum, quantiles, scale, logUnit }: NumberColumn): number {
  const half = quantum / 2 / scale
  return logUnit === undefined ? half : half * slope(logUnit, quantiles[(QUANTILES - 1) / 2]!)
}

/** Rounds a value to the column's step, own unit. */
export function roundToStep({ quantum }: Pick<NumberColumn, 'quantum'>, x: number): number {
  return quantum > 0 ? Number((Math.round(x / quantum) * quantum).toPrecision(15)) : x
}

/** sorted: ascending */
function quantile(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? 0 : sorted[Math.round(share * (sorted.length - 1))]!
}

/**
 * −log density on the line of a value with an unknown cause, nats: Cauchy around the column's centre, uniform over the period of a
 * cyclic column.
 *
 * @param x  in the column's own unit
 */
export function arbitraryValueNll(column: NumberColumn, x: number): number {
  if (column.cycle !== null) return Math.log(periodHours(column.cycle))
  const z = Number.isNaN(x) ? 0 : standardise(column, ownToLine(column, x))
  return Math.log(Math.PI * column.scale * (1 + z * z))
}

/** Clamps a value to the training range, own unit. */
export function keepSeen({ quantiles }: NumberColumn, x: number): number {
  return Math.max(quantiles[0]!, Math.min(quantiles.at(-1)!, x))
}

/**
 * The column's scale, in deviations of a normal distribution with the same middle three quarters of the values: a few extreme values of
 * the training records make it large, and the flow then resolves the others less.
 */
export function relativeScale(column: NumberColumn): number {
  const onLine = (at: number) => ownToLine(column, column.quantiles[at]!)
  const deviation = (onLine(28) - onLine(4)) / (2 * NORMAL_EIGHTH)
  return deviation > 0 ? column.scale / deviation : 1
}

/** An eighth of a standard normal distribution is above it. */
const NORMAL_EIGHTH = 1.1503

/** Whether no training record had the number, as of a window that was never seen whole. A single value would be the usual one. */
export function isEmpty({ cycle, usual, quantiles }: NumberColumn): boolean {
  return cycle === null && usual === null && quantiles[0] === quantiles.at(-1)
}

/** The value that at least this share of the ascending values have; null: none. */
function commonValue(sorted: Float64Array, share: number): number | null {
  const middle = quantile(sorted, 0.5)
  let count = 0
  for (const x of sorted) if (x === middle) count++
  return sorted.length > 0 && count >= share * sorted.length ? middle : null
}

/**
 * Mean and deviation without the outermost values. The deviation is at least a third of that of all values: where outliers are
 * far, the noise, which is proportional to it, must be wide too. LARGEST_WIDENING bounds the effect of one absurd value.
 */
function robustMoments(sorted: Float64Array, cutOff: number): { mean: number; deviation: number } {
  const whole = moments(sorted)
  const inner = sorted.subarray(cutOff, sorted.length - cutOff)
  if (inner.length === 0 || inner[0] === inner.at(-1)) return whole
  const { mean, deviation } = moments(inner)
  return { mean, deviation: Math.max(deviation, Math.min(whole.deviation / 3, LARGEST_WIDENING * deviation)) }
}

/**
 * Mean and standard deviation, 0 if the values differ only by rounding errors. Computed on differences from the first value,
 * so that a large common offset costs no digits, and divided by the largest difference, so that squares do not overflow.
 */
function moments(values: Float64Array): { mean: number; deviation: number } {
  const [origin = 0] = values
  let reach = 0
  for (const x of values) reach = Math.max(reach, Math.abs(x - origin))
  if (reach === 0) return { mean: origin, deviation: 0 }
  let sum = 0
  for (const x of values) sum += (x - origin) / reach
  const mean = sum / values.length
  let squares = 0
  for (const x of values) squares += ((x - origin) / reach - mean) ** 2
  const deviation = Math.sqrt(squares / values.length) * reach
  const centre = origin + mean * reach
  return { mean: centre, deviation: deviation <= ROUNDING * Math.abs(centre) ? 0 : deviation }
}

/** Relative difference of two results of the same computation that rounding explains. */
const ROUNDING = 2 * Number.EPSILON

const HOUR_STEPS = [24, 1, 1 / 60, 1 / 3600]
/** Rounding error of hours in a cycle that are computed from epoch ms, hours. */
const HOUR_ROUNDING = 1e-9
/** Smallest step that is recognised, in float64 spacings of the largest value. */
const LEAST_RESOLVED = 8
/** 5, 2 and 1 times the powers of ten from the magnitude of the largest value down to 1e-6. */
function decimalSteps(largest: number): number[] {
  const power = Math.floor(Math.log10(largest))
  const powers = Array.from({ length: Math.max(0, power + 7) }, (_, k) => power - k)
  return powers.flatMap((own) => [5, 2, 1].map((m) => Number(`${m}e${own}`)))
}

/**
 * The largest step of which 99 % of the values other than 0 are multiples, 0 if there is none.
 *
 * A value is a multiple if it equals one up to the rounding of float64, so the tolerance follows the value and not the step: values
 * around 10,000,000 are not multiples of 5,000,000. Steps near the resolution of float64 at the values do not count.
 */
function findQuantum(sorted: Float64Array, isTime: boolean): number {
  const values = sorted.filter((x) => x !== 0)
  const stride = Math.max(1, Math.floor(values.length / 5000))
  const sample = values.filter((_, index) => index % stride === 0)
  const tolerance = (x: number) => (isTime ? HOUR_ROUNDING : Number.EPSILON * Math.abs(x))
  const isStepOf = (step: number) => {
    let multiples = 0
    for (const x of sample) {
      const times = Math.round(x / step)
      if (times !== 0 && Math.abs(x - times * step) <= tolerance(x)) multiples++
    }
    return multiples >= 0.99 * sample.length
  }
  if (sample.length === 0) return 0
  if (isTime) return HOUR_STEPS.find(isStepOf) ?? 0
  const largest = Math.max(Math.abs(sample[0]!), Math.abs(sample.at(-1)!))
  return decimalSteps(largest).find((step) => step >= LEAST_RESOLVED * Number.EPSILON * largest && isStepOf(step)) ?? 0
}
