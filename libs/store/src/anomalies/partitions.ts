import type { Pool } from '../connection/pool.js'
import { timestampText } from '../connection/postgres-text.js'
import { run } from '../connection/statement.js'

// The days already requested through each pool. A day stays here even if it got no partition, or retention has dropped it
// since: its rows are then stored in the default partition.
const knownDays = new WeakMap<Pool, Set<string>>()

/** Creates the daily partitions for rows of these record times (epoch ms); sends one request to Postgres a day and pool. */
export async function ensurePartitions(pool: Pool, recordTimesMs: readonly number[]): Promise<void> {
  const known = knownDays.get(pool) ?? new Set()
  knownDays.set(pool, known)
  const fresh = new Set(recordTimesMs.map(dayOf).filter((day) => !known.has(day)))
  if (fresh.size === 0) return
  await createPartitions(pool, [...fresh])
  for (const day of fresh) known.add(day)
}

/** Creates the partitions of these days that do not exist; of none while a query has locked the table for two seconds. */
export async function createPartitions(pool: Pool, days: readonly string[]): Promise<void> {
  for (let at = 0; at < days.length; at += DAYS_PER_CALL) {
    await run(pool, {
      name: 'ensure_anomaly_partitions',
      text: 'select outflow.ensure_anomaly_partitions($1::date[])',
      values: [days.slice(at, at + DAYS_PER_CALL)],
    })
  }
}

/** A call locks the anomalies for tens of milliseconds a day; on a slow disk, a year would exceed the timeout of a statement. */
const DAYS_PER_CALL = 30

/** The UTC day of a time in epoch ms, such as `2026-12-01`. */
export const dayOf = (timeMs: number): string => timestampText(timeMs).slice(0, 10)
