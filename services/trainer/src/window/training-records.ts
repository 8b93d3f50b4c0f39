import { formatPosition, REJECTION_REASONS, type RejectionReason } from '@outflow/contracts'
import { type Burst, drawPlaces } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import type { SampledRecord } from './sampled-records.js'

/** The records of a window that a model can be fitted to. */
export interface TrainingRecords {
  /** In order of time. */
  readonly fields: readonly Fields[]
  /** Kafka's record time of each, epoch ms. */
  readonly times: readonly number[]
  /** Records that break their contract: skipped here, dead letters in ingest. */
  readonly rejected: Readonly<Record<RejectionReason, number>>
  /** The most frequent detail among the rejections for the most frequent reason; null: none was rejected. */
  readonly rejectedExample: string | null
  /** Number of good records excluded from fits. */
  readonly excluded: { readonly confirmed: number; readonly named: number; readonly burst: number }
  /** Times of the first and the last used record, ISO 8601; null if there is none. */
  readonly window: { readonly from: string; readonly to: string } | null
}

export interface ReadWindow {
  readonly read: TrainingRecords
  /** Records in the window before sampling. */
  readonly seen: number
  readonly sample: readonly SampledRecord[]
  /** Whether the topics no longer have the beginning of the window. */
  readonly isCutShort: boolean
}

/** Records excluded from fits. */
export interface LeftOut {
  /** Positions of the confirmed anomalies, as `formatPosition` returns them. */
  readonly confirmed: ReadonlySet<string>
  /** Excluded spans of Kafka's record time: from ≤ t < to. */
  readonly spans: readonly { readonly from: Date; readonly to: Date }[]
}

/** Sorts a sample by time, counts the rejected records, and leaves out excluded ones. */
export function selectTrainingRecords(records: readonly SampledRecord[], leftOut: LeftOut): TrainingRecords {
  const fields: Fields[] = []
  const times: number[] = []
  const rejected = Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0])) as Record<RejectionReason, number>
  const details = new Map<string, { readonly reason: RejectionReason; count: number }>()
  const excluded = { confirmed: 0, named: 0, burst: 0 }
  for (const source of records.toSorted((a, b) => a.timestampMs - b.timestampMs)) {
    const result = source.read
    if ('reason' in result) {
      rejected[result.reason] += 1
      const known = details.get(result.detail)
      if (known !== undefined) known.count += 1
      else if (details.size < MAX_DETAILS) details.set(result.detail, { reason: result.reason, count: 1 })
    } else if (leftOut.confirmed.has(formatPosition(source))) excluded.confirmed += 1
    else if (isNamed(source)) excluded.named += 1
    else {
      fields.push(result)
      times.push(source.timestampMs)
    }
  }
  const [mostFrequent] = [...details].toSorted(
    ([, a], [, b]) => rejected[b.reason] - rejected[a.reason] || b.count - a.count,
  )
  return { fields, times, rejected, rejectedExample: mostFrequent?.[0] ?? null, excluded, window: windowOf(times) }

  function isNamed({ timestampMs }: SampledRecord): boolean {
    return leftOut.spans.some(({ from, to }) => from.getTime() <= timestampMs && timestampMs < to.getTime())
  }
}

/** Details contain the found value, so there may be as many as records. */
const MAX_DETAILS = 1_000

/** Returns a uniform sample of at most this many records; the same seed gives the same sample. */
export function atMost(read: TrainingRecords, most: number, seed: number): TrainingRecords {
  const count = read.fields.length
  if (count <= most) return read
  const kept = drawPlaces(count, most, seed).drawn.sort()
  const times = Array.from(kept, (place) => read.times[place]!)
  return { ...read, fields: Array.from(kept, (place) => read.fields[place]!), times, window: windowOf(times) }
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** Leaves bursts out, with all records between their first and last. */
export function withoutBursts(read: TrainingRecords, bursts: readonly Burst[]): TrainingRecords {
  const isOutside = (_: unknown, place: number) => !bursts.some(({ first, last }) => first <= place && place <= last)
  const fields = read.fields.filter(isOutside)
  const times = read.times.filter(isOutside)
  const excluded = { ...read.excluded, burst: read.fields.length - fields.length }
  return { ...read, fields, times, excluded, window: windowOf(times) }
}

function windowOf(times: readonly number[]): TrainingRecords['window'] {
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return null
  return { from: new Date(first).toISOString(), to: new Date(last).toISOString() }
}
