import { type Feature, featureName } from '@outflow/contracts'
import { type Cycle, fitCycle, rollUp, unroll } from './cycle.js'

/** What training learnt about one numeric or cyclic feature. A cyclic one is measured in hours since its cut. */
export interface NumberColumn {
  readonly name: string
  readonly cycle: Cycle | null
  /** Mean and deviation of the values, without the contamination's share of the outermost. */
  readonly centre: number
  readonly scale: number
  /** The step that the values come in (1 for whole numbers); 0 where there is none. */
  readonly quantum: number
  /** A value that nearly all records share: stated by the flag, not by the flow; null where there is none. */
  readonly usual: number | null
  /** 33 evenly spaced quantiles of the values, smallest to largest. */
  readonly quantiles: readonly number[]
}

/** States of a number's flag: a category of its own in p(c). */
export const FLAGS = ['present', 'missing', 'usual'] as const
/** |z| beyond this is clamped: in float32 a chain of exponentials would otherwise overflow. */
export const LARGEST_Z = 1e4
/** Below such a share, setting a common value apart was measured to lose more than it wins. */
const USUAL_SHARE = 0.95
const QUANTILES = 33

/**
 * Fits a column's standardisation.
 *
 *     z = (x − centre) / scale        scale = max(1 % of |centre|, 1) where the values do not vary
 *
 * @param raw            [n] as the reader gave them; NaN is missing
 * @param contamination  share of the values, the outermost, that mean and deviation leave out
 */
export function fitNumberColumn(
  feature: Exclude<Feature, { type: 'categorical' }>,
  raw: Float64Array,
  contamination: number,
): NumberColumn {
  const cycle = feature.type === 'cyclic' ? fitCycle(feature.period, raw) : null
  const sorted = (cycle ? raw.map((time) => unroll(cycle, time)) : raw).filter((x) => !Number.isNaN(x)).sort()
  const usual = cycle ? null : commonValue(sorted)
  const rest = usual === null ? sorted : sorted.filter((x) => x !== usual)
  const spread = rest.length > 0 ? rest : sorted
  const cutOff = Math.floor((contamination * spread.length) / 2)
  const inner = moments(spread.subarray(cutOff, spread.length - cutOff))
  const { mean, deviation } = inner.deviation > 0 ? inner : moments(spread)
  return {
    name: featureName(feature),
    cycle,
    centre: mean,
    scale: deviation > 0 ? deviation : Math.max(0.01 * Math.abs(mean), 1),
    quantum: findQuantum(spread, cycle !== null),
    usual,
    quantiles: Array.from({ length: QUANTILES }, (_, k) => quantile(spread, k / (QUANTILES - 1))),
  }
}

/** The state of a number's flag. */
export function flagOf({ usual }: NumberColumn, raw: number): (typeof FLAGS)[number] {
  if (Number.isNaN(raw)) return 'missing'
  return raw === usual ? 'usual' : 'present'
}

/** The column's value as the flow sees it before standardising; NaN stays NaN. */
export function toLine({ cycle }: NumberColumn, raw: number): number {
  return cycle === null ? raw : unroll(cycle, raw)
}

export function standardise({ centre, scale }: NumberColumn, x: number): number {
  return Math.max(-LARGEST_Z, Math.min(LARGEST_Z, (x - centre) / scale))
}

/** From z back to the record's own value: rounded to the column's step; epoch ms where the feature is cyclic. */
export function restore(column: NumberColumn, z: number): number {
  const x = round(column, column.centre + z * column.scale)
  return column.cycle === null ? x : Math.round(rollUp(column.cycle, x))
}

export function round({ quantum }: NumberColumn, x: number): number {
  return quantum > 0 ? Number((Math.round(x / quantum) * quantum).toPrecision(15)) : x
}

/** sorted: ascending */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? 0 : sorted[Math.round(share * (sorted.length - 1))]!
}

function commonValue(sorted: Float64Array): number | null {
  const middle = quantile(sorted, 0.5)
  let count = 0
  for (const x of sorted) if (x === middle) count++
  return sorted.length > 0 && count >= USUAL_SHARE * sorted.length ? middle : null
}

/** Computed on values divided by their magnitude: squares of 1e300 would overflow. */
function moments(values: Float64Array): { mean: number; deviation: number } {
  let magnitude = 0
  for (const x of values) magnitude = Math.max(magnitude, Math.abs(x))
  if (magnitude === 0) return { mean: 0, deviation: 0 }
  let sum = 0
  for (const x of values) sum += x / magnitude
  const mean = sum / values.length
  let squares = 0
  for (const x of values) squares += (x / magnitude - mean) ** 2
  const deviation = Math.sqrt(squares / values.length)
  // Rounding alone leaves 1e-16 of a constant column.
  return { mean: mean * magnitude, deviation: deviation < 1e-12 ? 0 : deviation * magnitude }
}

const HOUR_STEPS = [24, 1, 1 / 60, 1 / 3600]
const DECIMAL_STEPS = Array.from({ length: 13 }, (_, k) => 6 - k).flatMap((power) =>
  [5, 2, 1].map((m) => m * 10 ** power),
)

/** The largest step of which 99 in 100 values are multiples. */
function findQuantum(sorted: Float64Array, isTime: boolean): number {
  const stride = Math.max(1, Math.floor(sorted.length / 5000))
  const sample = sorted.filter((_, index) => index % stride === 0)
  const isStepOf = (step: number) => {
    let multiples = 0
    for (const x of sample) {
      const times = Math.round(x / step)
      if ((times !== 0 || x === 0) && Math.abs(x / step - times) < 1e-6) multiples++
    }
    return multiples >= 0.99 * sample.length
  }
  if (sample.every((x) => x === 0)) return 0
  return (isTime ? HOUR_STEPS : DECIMAL_STEPS).find(isStepOf) ?? 0
}
