import type { SentMessage } from '../flights/sent-messages.js'

/** Ground truth of a sent record, which the detector does not have. */
type SentRecord = Pick<SentMessage, 'position' | 'corruption'>

/**
 * Compares the anomalies with the truth.
 *
 * @param anomalies  positions of the alerted records
 */
export function makeScoreboard(sent: readonly SentRecord[], anomalies: ReadonlySet<string>) {
  const found = (records: readonly SentRecord[]): number =>
    records.filter(({ position }) => anomalies.has(position)).length
  const falseAlarms = found(sent.filter(({ corruption }) => corruption === null))
  // Ratios are null of no records. For a kind, all false alarms are counted: none of them belongs to a kind.
  const score = (records: readonly SentRecord[]) => {
    const own = found(records)
    return {
      records: records.length,
      found: own,
      recall: ratio(own, records.length),
      precision: ratio(own, own + falseAlarms),
    }
  }
  const corrupted = sent.filter(({ corruption }) => corruption !== null)
  const kinds = [...new Set(corrupted.map(({ corruption }) => corruption!))].toSorted()
  return {
    overall: score(corrupted),
    /** Alerts about real flights. */
    falseAlarms,
    byKind: Object.fromEntries(
      kinds.map((kind) => [kind, score(corrupted.filter(({ corruption }) => corruption === kind))]),
    ),
  }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/**
 * The smallest value that at least a share `share` of the values do not exceed (nearest rank); null of no values.
 *
 * @param share  in (0, 1]
 */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  // 0.99 · 100 is 99.00000000000001.
  return sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? null
}
