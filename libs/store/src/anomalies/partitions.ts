import type { Pool } from '../connection/pool.js'
import { timestampText } from '../connection/postgres-text.js'
import { run } from '../connection/statement.js'

// The days asked for through each pool. A day whose partition retention has dropped since stays known: its rows then
// go to the default partition.
const knownDays = new WeakMap<Pool, Set<string>>()

/** Makes the daily partitions that rows of these record times (epoch ms) need; asks Postgres once a day and pool. */
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
