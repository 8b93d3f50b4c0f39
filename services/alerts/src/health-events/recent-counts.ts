import type { Progress } from './silence.js'

/** A pipeline's counters since its first record. */
export type Counters = Omit<Progress, 'ends' | 'stored'>

/** Recent counts, and earlier rejections. */
export interface RecentCounts {
  readonly received: number
  readonly rejected: number
  /** Records scored since the active model was promoted, and anomalies among them. */
  readonly scored: number
  readonly anomalies: number
  /** The rejected share of all earlier records; 0 without earlier records. */
  readonly usualShare: number
  /** How long the counters have been compared; after `WINDOW_MS`, about that. */
  readonly watchedMs: number
}

export const WINDOW_MS = 300_000

/** Counts the records of the last five minutes, or since the first call. */
export function watchCounts(): (counters: Counters) => RecentCounts {
  let checks: Counters[] = []
  return (counters) => {
    // The counters decrease if a partition's row was deleted; earlier values cannot be compared then.
    if (checks.length > 0 && counters.received < checks.at(-1)!.received) checks = []
    checks.push(counters)
    while (checks.length > 1 && counters.now - checks[1]!.now >= WINDOW_MS) checks.shift()
    const [before] = checks as [Counters]
    const promoted = checks[checks.findLastIndex(({ activeId }) => activeId !== counters.activeId) + 1]!
    return {
      received: counters.received - before.received,
      rejected: counters.rejected - before.rejected,
      scored: counters.scored - promoted.scored,
      anomalies: counters.anomalies - promoted.anomalies,
      usualShare: before.received === 0 ? 0 : before.rejected / before.received,
      watchedMs: counters.now - before.now,
    }
  }
}
