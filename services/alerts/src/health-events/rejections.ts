/** A pipeline's counters since its first record. */
export interface Counters {
  readonly now: number
  readonly received: number
  readonly rejected: number
}

/** Recent and earlier rejections. */
export interface RecentRejections {
  readonly received: number
  readonly rejected: number
  /** The rejected share of all earlier records; 0 without earlier records. */
  readonly usualShare: number
}

const WINDOW_MS = 300_000

/** Counts the records received and rejected within the last five minutes, or since the first call. */
export function watchRejections(): (counters: Counters) => RecentRejections {
  let checks: Counters[] = []
  return (counters) => {
    // The counters decrease if a partition's row was deleted; earlier values cannot be compared then.
    if (checks.length > 0 && counters.received < checks.at(-1)!.received) checks = []
    checks.push(counters)
    while (checks.length > 1 && counters.now - checks[1]!.now >= WINDOW_MS) checks.shift()
    const [before] = checks as [Counters]
    return {
      received: counters.received - before.received,
      rejected: counters.rejected - before.rejected,
      usualShare: before.received === 0 ? 0 : before.rejected / before.received,
    }
  }
}
