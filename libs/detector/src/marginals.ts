import type { Feature } from '@outflow/contracts'
import { fitLogUnit, hoursSinceCut, logSlope, ownToLine, periodHours } from '@outflow/encoding'
import { silvermanNoise } from '@outflow/flow'
import { columnsOf, type Fields } from '@outflow/records/fields'
import type { Detector } from './detector.js'

/**
 * Fits a density of independent fields, the baseline that a model must exceed:
 *
 *     p(x) = Πⱼ pⱼ(xⱼ)
 *
 * A category's pⱼ is its share of the records; all unseen values share half a record's weight. A number's is a Gaussian kernel
 * density, with a bandwidth of at least half the step of the values and a twentieth of its weight in a Cauchy tail; its usual value
 * has a separate probability.
 *
 * @param records  one or more
 * @param usualOf  those of the model that is compared: a probability and a density cannot be compared
 * @returns from a record, −log p of each field separately, in the order of `columnsOf`, [fields] in nats and in the units of a detector's
 *   comparable NLL: of a number in its own unit, of a cyclic time in hours
 * @see Silverman 1986, Density Estimation for Statistics and Data Analysis, § 3.4, for the rate n^(−1/5)
 */
export function fitMarginals(
  features: readonly Feature[],
  records: readonly Fields[],
  usualOf: Detector['usualOf'],
): (record: Fields) => Float64Array {
  const fields = columnsOf(features).map(({ kind, name, feature, at }): ((record: Fields) => number) => {
    if (kind === 'category') {
      const nll = categoryNllOf(records.map((record) => record.categories[at] ?? null))
      return (record) => nll(record.categories[at] ?? null)
    }
    const isCyclic = feature.type === 'cyclic'
    const value = ({ numbers }: Fields) =>
      isCyclic ? hoursSinceCut({ ...feature, cut: 0 }, numbers[at]!) : numbers[at]!
    const circle = isCyclic ? periodHours(feature) : null
    const isLog = feature.type !== 'cyclic' && feature.scale === 'log'
    const nll = numberNllOf(records.map(value), { circle, isLog, usual: usualOf[name] })
    return (record) => nll(value(record))
  })
  return (record) => Float64Array.from(fields, (nll) => nll(record))
}

/** Unseen values share half a record's weight. */
function categoryNllOf(values: readonly (string | null)[]): (value: string | null) => number {
  const counts = new Map<string | null, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return (value) => -Math.log((counts.get(value) ?? UNSEEN_WEIGHT) / (values.length + UNSEEN_WEIGHT))
}

/** @param circle  the values are hours in a cycle of this length; null: they are numbers */
function numberNllOf(
  raw: readonly number[],
  {
    circle,
    isLog,
    usual,
  }: { readonly circle: number | null; readonly isLog: boolean; readonly usual: number | undefined },
): (value: number) => number {
  const present = Float64Array.from(raw.filter((value) => !Number.isNaN(value))).sort()
  const missing = massNll(raw.length - present.length, raw.length)
  const rest = present.filter((value) => value !== usual)
  const isUsual = massNll(present.length - rest.length, raw.length)
  const isOther = massNll(rest.length, raw.length)
  const spread = rest.length > 0 ? rest : present
  const scale = isLog ? { logUnit: fitLogUnit(spread) } : {}
  const onLine = (value: number) => ownToLine(scale, value)
  const density = kernelDensity(spread.map(onLine), circle)
  return (value) => {
    if (Number.isNaN(value)) return missing
    if (value === usual) return isUsual
    return isOther - Math.log(Math.max(density(onLine(value)), Number.MIN_VALUE)) - logSlope(scale, value)
  }
}

/** −log of a share; a count of 0 has the weight of half a record. */
function massNll(count: number, total: number): number {
  return -Math.log(Math.max(count, UNSEEN_WEIGHT) / (total + UNSEEN_WEIGHT))
}

/** @returns the density at x */
function kernelDensity(ascending: Float64Array, circle: number | null): (x: number) => number {
  const step = Math.max(1, ascending.length / MOST_CENTRES)
  const centres = Float64Array.from(
    { length: Math.min(ascending.length, MOST_CENTRES) },
    (_, index) => ascending[Math.floor((index + 0.5) * step)]!,
  )
  if (centres.length === 0) return (x) => cauchy(x, 0, 1)
  const { deviation, middle } = spreadOf(centres)
  const width = Math.max(
    stepOf(centres) / 2,
    silvermanNoise(centres.length, 1) * deviation,
    Number.EPSILON * Math.abs(middle),
    NARROWEST,
  )
  const factor = (1 - TAIL) / (centres.length * width * Math.sqrt(2 * Math.PI))
  const away = (a: number, b: number) => {
    const straight = Math.abs(a - b)
    return circle === null ? straight : Math.min(straight, circle - straight)
  }
  const tail = circle === null ? (x: number) => cauchy(x, middle, Math.max(deviation, width)) : () => 1 / circle
  return (x) => {
    let sum = 0
    for (const centre of centres) sum += Math.exp(-0.5 * (away(x, centre) / width) ** 2)
    return factor * sum + TAIL * tail(x)
  }
}

/** Half the distance between the 16th and the 84th percentile: a deviation that outliers do not widen. */
function spreadOf(ascending: Float64Array): { readonly deviation: number; readonly middle: number } {
  const at = (share: number) => ascending[Math.round(share * (ascending.length - 1))]!
  const inner = (at(0.84) - at(0.16)) / 2
  const whole = (at(1) - at(0)) / 6
  return { deviation: inner > 0 ? inner : whole > 0 ? whole : 1, middle: at(0.5) }
}

/** The smallest distance between two values. */
function stepOf(ascending: Float64Array): number {
  let smallest = Number.POSITIVE_INFINITY
  for (let index = 1; index < ascending.length; index++) {
    const gap = ascending[index]! - ascending[index - 1]!
    if (gap > 0 && gap < smallest) smallest = gap
  }
  return Number.isFinite(smallest) ? smallest : 0
}

function cauchy(x: number, middle: number, width: number): number {
  return 1 / (Math.PI * width * (1 + ((x - middle) / width) ** 2))
}

const UNSEEN_WEIGHT = 0.5
/** The density at a centre of a narrower kernel can leave the range of float64. */
const NARROWEST = 1e-300
const TAIL = 0.05
/** Evenly spaced quantiles of the values: enough for one column, and 2,000 records of 20 columns take a third of a second. */
const MOST_CENTRES = 512
