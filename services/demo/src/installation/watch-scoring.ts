import { waitFor } from '@outflow/runtime'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import { partitionCounters } from '@outflow/store/batch'
import { formatCounted, type Progress } from '@outflow/terminal'
import { LEAST_LIKELY, leastLikelyTable } from '../flights/unlikely-flights.js'
import type { Installation } from './installation.js'

/** Fast enough to follow, slow enough to put no load on the database. */
export const POLL_INTERVAL_MS = 250

/**
 * Waits until the pipeline has received the given number of messages; meanwhile shows the count and the least likely records.
 *
 * @throws the signal's reason when it aborts
 */
export function watchScoring({ terminal, pool, config, signal }: Installation, progress: Progress, messages: number) {
  const { pipeline } = config
  const poll = async () => {
    const partitions = await partitionCounters(pool, pipeline)
    const sumOf = (count: 'received' | 'scored' | 'anomalies' | 'alerts') =>
      partitions.reduce((sum, own) => sum + own[count], 0)
    const counters = {
      ...{ received: sumOf('received'), scored: sumOf('scored') },
      ...{ anomalies: sumOf('anomalies'), alerts: sumOf('alerts') },
    }
    progress.update(counters.received, formatCounted(counters.anomalies, 'anomaly'))
    terminal.below(leastLikelyTable(await leastLikelyAnomalies(pool, { pipeline, limit: LEAST_LIKELY }), terminal))
    return counters.received >= messages ? counters : null
  }
  return waitFor(poll, { everyMs: POLL_INTERVAL_MS, signal })
}
