import { type Encoder, hourInPeriod, type NumberColumn } from '@outflow/encoding'
import { columnsOf, type Fields } from '@outflow/records'

/** How much the distribution of one field has changed. */
export interface FieldShift {
  readonly field: string
  /** Estimated divergence of the field's recent values from its earlier values, nats; about 0 without a change. */
  readonly nats: number
}

/**
 * Estimates how much the distribution of each field has changed, the largest change first: the Kullback–Leibler divergence of the
 * recent from the reference values, over bins of a 32nd of the training values each, so that a change within any scale of a
 * field of several scales is detected.
 *
 *     nats = mean over half of the recent records of log q(bin) − log p(bin)
 *
 * with q from the other half, so that the estimate is not biased upward. At most log 32 + log 2, if all recent values fall in
 * one bin.
 *
 * @param reference  earlier records, or records sampled from a model of them
 * @param recent     at least 40 records
 */
export function fieldShifts(
  { features, numbers }: Pick<Encoder, 'features' | 'numbers'>,
  reference: readonly Fields[],
  recent: readonly Fields[],
): readonly FieldShift[] {
  return columnsOf(features)
    .map(({ kind, name: field, feature, at }): FieldShift => {
      if (kind === 'category') {
        const bin = ({ categories }: Fields) => categories[at] ?? MISSING
        return { field, nats: divergence(reference.map(bin), recent.map(bin)) }
      }
      const value = (fields: Fields) =>
        feature.type === 'cyclic' ? hourInPeriod(fields.numbers[at]!, feature) : fields.numbers[at]!
      const bin = feature.type === 'cyclic' ? binsOfTimes(reference.map(value)) : binsOfNumbers(numbers[at]!)
      return { field, nats: divergence(reference.map(value).map(bin), recent.map(value).map(bin)) }
    })
    .toSorted((a, b) => b.nats - a.nats)
}

type Bin = number | symbol

/**
 * Returns the bin of a number. Borders are halfway between training values: records drawn from a model scatter around a value that
 * many training records share, and stay in its bin.
 */
function binsOfNumbers({ usual, quantiles }: NumberColumn): (value: number) => Bin {
  const values = Array.from(new Set(quantiles.slice(0, BINS)))
  const bin = binBetween(values.slice(1).map((value, below) => (values[below]! + value) / 2))
  return (value) => (value === usual ? USUAL : bin(value))
}

/** Returns the bin of a time, in hours. */
function binsOfTimes(hours: readonly number[]): (hour: number) => Bin {
  const ascending = Float64Array.from(hours.filter((hour) => !Number.isNaN(hour))).sort()
  const borders = new Set(
    Array.from({ length: BINS }, (_, bin) => ascending[Math.floor((bin * ascending.length) / BINS)] ?? 0),
  )
  return binBetween(Array.from(borders))
}

/** Returns the bin of a value; a value at a border belongs to the bin above it. */
function binBetween(borders: readonly number[]): (value: number) => Bin {
  return (value) => (Number.isNaN(value) ? MISSING : borders.findLastIndex((border) => border <= value))
}

function divergence<Bin>(reference: readonly Bin[], recent: readonly Bin[]): number {
  const even = recent.filter((_, index) => index % 2 === 0)
  const odd = recent.filter((_, index) => index % 2 === 1)
  const bins = new Set([...reference, ...recent]).size
  const before = sharesOf(reference, bins)
  const now = sharesOf(even, bins)
  return odd.reduce((sum, bin) => sum + Math.log(now(bin) / before(bin)), 0) / Math.max(1, odd.length)
}

/** The share of each bin, smoothed by half a record per bin. */
function sharesOf<Bin>(found: readonly Bin[], bins: number): (bin: Bin) => number {
  const counts = new Map<Bin, number>()
  for (const bin of found) counts.set(bin, (counts.get(bin) ?? 0) + 1)
  return (bin) => ((counts.get(bin) ?? 0) + SMOOTHING) / (found.length + SMOOTHING * bins)
}

const BINS = 32
const SMOOTHING = 0.5
const MISSING = Symbol('missing')
const USUAL = Symbol('usual')
