import type { SentMessage } from './sent-messages.js'

/** Ground truth of a sent record, which the detector does not have. */
type SentRecord = Pick<SentMessage, 'position' | 'corruption'>

/** Counts for the corrupted records, or for one kind of them. */
export interface Score {
  readonly records: number
  readonly found: number
  /** found / records; null where there were none. */
  readonly recall: number | null
  /**
   * found / (found + alerts about real flights); null where there were neither. For a kind, all false alarms are counted: none of
   * them belongs to a kind.
   */
  readonly precision: number | null
}

export interface Scoreboard {
  readonly overall: Score
  /** Alerts about real flights. */
  readonly falseAlarms: number
  readonly byKind: Readonly<Record<string, Score>>
}

/**
 * Compares the anomalies with the truth.
 *
 * @param anomalies  positions of the alerted records
 */
export function makeScoreboard(sent: readonly SentRecord[], anomalies: ReadonlySet<string>): Scoreboard {
  const tallies = new Map<string, { records: number; found: number }>()
  let falseAlarms = 0
  for (const { position, corruption } of sent) {
    const found = anomalies.has(position) ? 1 : 0
    if (corruption === null) {
      falseAlarms += found
      continue
    }
    const tally = tallies.get(corruption) ?? { records: 0, found: 0 }
    tallies.set(corruption, { records: tally.records + 1, found: tally.found + found })
  }
  const all = [...tallies.values()]
  return {
    overall: score(sum(all.map(({ records }) => records)), sum(all.map(({ found }) => found)), falseAlarms),
    falseAlarms,
    byKind: Object.fromEntries(
      [...tallies].toSorted().map(([kind, { records, found }]) => [kind, score(records, found, falseAlarms)]),
    ),
  }
}

function score(records: number, found: number, falseAlarms: number): Score {
  return { records, found, recall: ratio(found, records), precision: ratio(found, found + falseAlarms) }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

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
