import type { Pool } from './pool.js'

/**
 * Drops anomalies, dead letters and statistics that are older than their retention.
 *
 * @returns the dropped partitions of anomalies
 */
export function applyRetention(
  pool: Pool,
  retention: { readonly anomaliesMs: number; readonly statisticsMs: number; readonly now: Date },
): Promise<readonly string[]> {
  throw new Error(`not built yet ${pool} ${retention}`)
}
