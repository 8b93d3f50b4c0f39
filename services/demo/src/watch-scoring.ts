import { waitFor } from '@outflow/runtime'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import { partitionCounters } from '@outflow/store/batch'
import { formatCounted, type Progress, type Terminal } from '@outflow/terminal'
import type { Installation } from './installation.js'
import { LEAST_LIKELY, leastLikelyTable } from './unlikely-flights.js'

/** Counts of the pipeline so far, over all partitions. */
export interface Counters {
  readonly received: number
  readonly scored: number
  readonly anomalies: number
  readonly alerts: number
}

interface ScoringWatch {
  readonly installation: Installation
  readonly terminal: Terminal
  readonly progress: Progress
}

/** Fast enough to follow, slow enough to put no load on the database. */
export const POLL_INTERVAL_MS = 250

/**
 * Waits until the pipeline has received the given number of messages; meanwhile shows the count and the least likely records.
 *
 * @throws the signal's reason when it aborts
 */
export function watchScoring({ installation, terminal, progress }: ScoringWatch, messages: number): Promise<Counters> {
  const { pool, config, signal } = installation
  const { pipeline } = config
  const poll = async (): Promise<Counters | null> => {
    const counters = sumUp(await partitionCounters(pool, pipeline))
    progress.update(counters.received, formatCounted(counters.anomalies, 'anomaly'))
    terminal.below(leastLikelyTable(await leastLikelyAnomalies(pool, { pipeline, limit: LEAST_LIKELY }), terminal))
    return counters.received >= messages ? counters : null
  }
  return waitFor(poll, { everyMs: POLL_INTERVAL_MS, signal })
}

function sumUp(partitions: readonly Counters[]): Counters {
  return partitions.reduce<Counters>(
    (sum, { received, scored, anomalies, alerts }) => ({
      received: sum.received + received,
      scored: sum.scored + scored,
      anomalies: sum.anomalies + anomalies,
      alerts: sum.alerts + alerts,
    }),
    { received: 0, scored: 0, anomalies: 0, alerts: 0 },
  )
}
