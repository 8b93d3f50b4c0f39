import type { Pool } from '../connection/pool.js'
import { timestampText } from '../connection/postgres-text.js'
import { run } from '../connection/statement.js'

// The days already requested through each pool. A day stays here even if retention has dropped its partition since; its rows
// are then stored in the default partition.
const knownDays = new WeakMap<Pool, Set<string>>()

/** Creates the daily partitions for rows of these record times (epoch ms); sends one request to Postgres a day and pool. */
export async function ensurePartitions(pool: Pool, recordTimesMs: readonly number[]): Promise<void> {
  const known = knownDays.get(pool) ?? new Set()
  knownDays.set(pool, known)
  const fresh = new Set<string>()
  for (const timeMs of recordTimesMs) {
    const day = timestampText(timeMs).slice(0, 10)
    if (!known.has(day)) fresh.add(day)
  }
  if (fresh.size === 0) return
  await run(pool, {
    name: 'ensure_anomaly_partitions',
    text: 'select outflow.ensure_anomaly_partitions($1::date[])',
    values: [[...fresh]],
  })
  for (const day of fresh) known.add(day)
}
