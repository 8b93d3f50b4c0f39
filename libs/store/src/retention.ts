import { ensurePartitions } from './partitions.js'
import type { Pool } from './pool.js'
import { deleteOldShadows } from './shadows.js'
import { run } from './statement.js'
import { deleteIdleWindowStates } from './window-states.js'

const DAY_MS = 86_400_000

/**
 * Drops the pipeline's anomalies with what moved their p-values and what became of their alerts, dead letters, deliveries,
 * shadows, statistics and window states that are older than their retention, and makes tomorrow's partition. Safe to call from several
 * processes at once.
 *
 * @returns the dropped partitions of anomalies
 * @throws {StoreUnavailable} when a query of somebody's has held the anomalies for more than a second: nothing waits behind
 *   this any longer, and it is for the next time
 */
export async function applyRetention(
  pool: Pool,
  retention: {
    readonly pipeline: string
    readonly anomaliesMs: number
    readonly statisticsMs: number
    /** How long an entity's window states are kept when it comes no more; absent: the pipeline has none. */
    readonly windowStatesMs?: number
    readonly now: Date
  },
): Promise<readonly string[]> {
  const { pipeline, now } = retention
  const anomaliesCutoff = new Date(now.getTime() - retention.anomaliesMs).toISOString()
  const statisticsCutoff = new Date(now.getTime() - retention.statisticsMs).toISOString()
  const dropped = await dropDays(pool, pipeline, anomaliesCutoff)
  await run(pool, {
    name: 'delete_old_rows',
    text: `
      with letters as (
        delete from outflow.dead_letters where pipeline = $1 and rejected_at < $2::timestamptz
      ), undelivered as (
        delete from outflow.webhook_dead_letters where pipeline = $1 and died_at < $2::timestamptz
      ), delivered as (
        delete from outflow.webhook_deliveries where pipeline = $1 and delivered_at < $3::timestamptz
      ), scores as (
        delete from outflow.score_statistics where pipeline = $1 and updated_at < $3::timestamptz
      ), followings as (
        delete from outflow.followings as old
        where pipeline = $1 and made_at < $2::timestamptz
          and exists (select from outflow.followings as newer
                      where newer.pipeline = old.pipeline and newer.model_id = old.model_id and newer.id > old.id)
      ), unsent as (
        delete from outflow.unsent_alerts where pipeline = $1 and decided_at < $2::timestamptz
      )
      delete from outflow.rejection_statistics where pipeline = $1 and updated_at < $3::timestamptz`,
    values: [pipeline, anomaliesCutoff, statisticsCutoff],
  })
  await deleteOldShadows(pool, { pipeline, before: anomaliesCutoff })
  if (retention.windowStatesMs !== undefined) {
    await deleteIdleWindowStates(pool, { pipeline, keepMs: retention.windowStatesMs })
  }
  await ensurePartitions(pool, [now.getTime(), now.getTime() + DAY_MS])
  return dropped
}

/** A day a transaction: its lock on the whole table is not held while the next day is looked at. */
async function dropDays(pool: Pool, pipeline: string, cutoff: string): Promise<readonly string[]> {
  const dropped: string[] = []
  for (;;) {
    const [day] = await run<{ partition: string }>(pool, {
      name: 'drop_anomalies_before',
      text: 'select dropped as partition from outflow.drop_anomalies_before($1, $2::timestamptz) as dropped',
      values: [pipeline, cutoff],
    })
    if (day === undefined) return dropped
    dropped.push(day.partition)
  }
}
