import { type Encoder, flagCategory, flagOf, flagsAt, type NumberColumn, toOwn } from '@outflow/encoding'
import { columnsOf, type Fields, type NumberFeature } from '@outflow/records/fields'

/** How much the distribution of one field has changed. */
export interface FieldShift {
  readonly field: string
  /** Nats per record; 0: unchanged. */
  readonly nats: number
}

/**
 * Estimates how much the distribution of each field has changed since training, the largest change first: the Kullback–Leibler divergence
 * of the recent from the training values, over bins of a 32nd of the training values each, so that a change within any scale of a field of
 * several scales is detected.
 *
 *     nats = mean over half of the recent records of log q(bin) − log p(bin)
 *
 * with q from the other half, which removes most of the bias. A missing value, a usual one and an unseen one have a bin each. The encoder has
 * p: its quantiles and the probabilities of its categories. A sample of the model would add what the model does not fit.
 *
 * @param recent  at least 40 records
 */
export function fieldShifts(encoder: Encoder, recent: readonly Fields[]): readonly FieldShift[] {
  const { features, numbers, tree } = encoder
  const firstFlag = flagsAt(encoder)
  const shareIn = (category: number) => (value: string | null) =>
    tree.marginals[category]![tree.vocabularies[category]!.ids.get(value) ?? 0]!
  return columnsOf(features)
    .map(({ name: field, kind, feature, at }) => {
      if (kind === 'category') {
        const bins = binsOfCategory(tree.vocabularies[at]!.ids, tree.marginals[at]!)
        return { field, nats: divergence(recent.map(({ categories }) => bins(categories[at] ?? null))) }
      }
      const bins = binsOfNumber(numbers[at]!, shareIn(firstFlag + at))
      const present = recent.map(({ numbers }) => numbers[at]!).filter((value) => hasShare(feature, value))
      return { field, nats: divergence(present.map(bins)) }
    })
    .toSorted((a, b) => b.nats - a.nats)
}

/** A bin of the values, with its share of the training records. */
interface Bin {
  readonly share: number
}

/** Returns the bin of a category: values that are too rare for a bin of their own share one, and unseen values have another. */
function binsOfCategory(ids: ReadonlyMap<string | null, number>, shares: Float64Array): (value: string | null) => Bin {
  const isRare = (share: number, id: number) => id > 0 && share < RARE
  const rare: Bin = { share: shares.filter(isRare).reduce((sum, share) => sum + share, 0) }
  const bins = Array.from(shares, (share, id) => (isRare(share, id) ? rare : { share }))
  return (value) => bins[ids.get(value) ?? 0]!
}

/**
 * Returns the bin of a number. Quantiles at which many training values are equal have one bin, of the values that are nearer to it than to
 * the next quantiles.
 *
 * @param shareOf  the share of a flag
 */
function binsOfNumber(column: NumberColumn, shareOf: (flag: string) => number): (value: number) => Bin {
  const { quantiles } = column
  const flagged = { missing: { share: shareOf('missing') }, usual: { share: shareOf('usual') } }
  const values = Array.from(new Set(quantiles))
  const borders = values.slice(1).map((value, below) => (values[below]! + value) / 2)
  const bins = values.map((value): Bin => {
    const equal = quantiles.filter((quantile) => quantile === value).length
    return { share: (shareOf('present') * equal) / quantiles.length }
  })
  return (value) => {
    const flag = flagOf(column, value)
    if (flag !== 'present') return flagged[flag]
    const own = toOwn(column, value)
    return bins[borders.findLastIndex((border) => border <= own) + 1]!
  }
}

/** Whether the encoder has the share of a value: it counts an incomplete window as present. */
function hasShare(feature: NumberFeature, value: number): boolean {
  return !Number.isNaN(value) || flagCategory(feature, 'missing') === 'missing'
}

function divergence(recent: readonly Bin[]): number {
  const even = recent.filter((_, index) => index % 2 === 0)
  const odd = recent.filter((_, index) => index % 2 === 1)
  const now = sharesOf(even, new Set(recent).size)
  return odd.reduce((sum, bin) => sum + Math.log(now(bin) / bin.share), 0) / Math.max(1, odd.length)
}

/** The share of each bin, smoothed by half a record per bin. */
function sharesOf(found: readonly Bin[], bins: number): (bin: Bin) => number {
  const counts = new Map<Bin, number>()
  for (const bin of found) counts.set(bin, (counts.get(bin) ?? 0) + 1)
  return (bin) => ((counts.get(bin) ?? 0) + SMOOTHING) / (found.length + SMOOTHING * bins)
}

/** Share of the training records below which a category has no bin of its own. */
const RARE = 1 / 128
const SMOOTHING = 0.5
