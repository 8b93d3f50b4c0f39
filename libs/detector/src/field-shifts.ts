import type { Feature } from '@outflow/contracts'
import { hourInPeriod } from '@outflow/encoding'
import { columnsOf, type Fields } from '@outflow/records'

/** How much the distribution of one field has changed. */
export interface FieldShift {
  readonly field: string
  /** Estimated divergence of the field's recent values from its earlier values, nats; about 0 without a change. */
  readonly nats: number
}

/**
 * Estimates how much the distribution of each field has changed, the largest change first: the Kullback–Leibler divergence of the
 * recent from the reference values, over bins of a 32nd of the reference values each, so that a change within any scale of a
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
  features: readonly Feature[],
  reference: readonly Fields[],
  recent: readonly Fields[],
): readonly FieldShift[] {
  return columnsOf(features)
    .map(({ kind, name: field, feature, at }): FieldShift => {
      if (kind === 'category') {
        const bin = ({ categories }: Fields) => categories[at] ?? MISSING
        return { field, nats: divergence(reference.map(bin), recent.map(bin)) }
      }
      const value = ({ numbers }: Fields) =>
        feature.type === 'cyclic' ? hourInPeriod(numbers[at]!, feature) : numbers[at]!
      const bin = binsOf(reference.map(value))
      return { field, nats: divergence(reference.map(value).map(bin), recent.map(value).map(bin)) }
    })
    .toSorted((a, b) => b.nats - a.nats)
}

/** Returns the bin of a value; a value at a border belongs to the bin above it. */
function binsOf(values: readonly number[]): (value: number) => number | symbol {
  const ascending = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort()
  const borders = new Set(
    Array.from({ length: BINS }, (_, bin) => ascending[Math.floor((bin * ascending.length) / BINS)] ?? 0),
  )
  const edges = Float64Array.from(borders)
  return (value) => (Number.isNaN(value) ? MISSING : edges.findLastIndex((edge) => edge <= value))
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
