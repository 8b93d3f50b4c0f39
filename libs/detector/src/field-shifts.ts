import type { Feature } from '@outflow/contracts'
import { periodHours } from '@outflow/encoding'
import { columnsOf, type Fields } from '@outflow/records'

/** How far one field has moved. */
export interface FieldShift {
  readonly field: string
  /** Estimated divergence of the field's recent values from its values before, nats; about 0 where nothing moved. */
  readonly nats: number
}

/**
 * Finds which fields have moved, each on its own, the furthest first: the Kullback-Leibler divergence of the recent from
 * the reference values, over bins that hold a 32nd of the reference each, so that a field of many scales shows a move within
 * any of them.
 *
 *     nats = mean over half of the recent records of log q(bin) − log p(bin)
 *
 * with q from the other half, for nothing to seem to move by being looked at. At most log 32 + log 2, where all recent
 * values fall into one bin.
 *
 * @param reference  records of the time before, or sampled from a model of it
 * @param recent     forty or more
 */
export function fieldShifts(
  features: readonly Feature[],
  reference: readonly Fields[],
  recent: readonly Fields[],
): readonly FieldShift[] {
  return columnsOf(features)
    .map(({ kind, name: field, feature, at }): FieldShift => {
      if (kind === 'category') {
        const bin = ({ categories: own }: Fields) => own[at] ?? MISSING
        return { field, nats: divergence(reference.map(bin), recent.map(bin)) }
      }
      const value = ({ numbers: own }: Fields) => onLine(own[at]!, feature)
      const bin = binsOf(reference.map(value))
      return { field, nats: divergence(reference.map(value).map(bin), recent.map(value).map(bin)) }
    })
    .toSorted((a, b) => b.nats - a.nats)
}

const HOUR_MS = 3_600_000

/** A cyclic time as its hour in the cycle. */
function onLine(value: number, feature: Feature): number {
  if (feature.type !== 'cyclic') return value
  const hours = periodHours(feature)
  return (((value / HOUR_MS) % hours) + hours) % hours
}

/** Returns the bin of a value; values that stand at a border belong to the bin above it. */
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

/** Half a record of doubt in each bin. */
function sharesOf<Bin>(found: readonly Bin[], bins: number): (bin: Bin) => number {
  const counts = new Map<Bin, number>()
  for (const bin of found) counts.set(bin, (counts.get(bin) ?? 0) + 1)
  return (bin) => ((counts.get(bin) ?? 0) + DOUBT) / (found.length + DOUBT * bins)
}

const BINS = 32
const DOUBT = 0.5
const MISSING = Symbol('missing')
