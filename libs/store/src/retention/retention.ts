import { createPartitions, dayOf } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { run, runOne, runValue, type Statement } from '../connection/statement.js'

const DAY_MS = 86_400_000

export interface Retention {
  /** Partitions of anomalies that were dropped, or whose rows of the pipeline were deleted. */
  readonly cleared: readonly string[]
  /** The time from which ages were measured. */
  readonly asOf: Date
  /** How far `asOf` is behind Postgres's clock, ms: more than an hour only if that clock advanced by more than a day between two runs. */
  readonly behindMs: number
}

/**
 * Removes the pipeline's rows that are older than their retention: anomalies, earlier models with their calibration records,
 * recalibrations and unsent alerts, dead letters, deliveries, shadows, statistics and window states. Creates tomorrow's partition of
 * anomalies. A model and its recalibrations are kept as long as anomalies that it scored may be, and the last change of the active model
 * can be undone; models made by labels of the active one stay, because they show which labels were applied. All but statistics and
 * delivered events is removed by whole UTC days.
 *
 * Age is measured by a clock that follows Postgres's clock by at most a day an hour: after a clock jump, or after weeks without a run,
 * one day of data is removed an hour instead of all at once. A shorter retention applies at once. Several processes may call it
 * concurrently.
 *
 * @throws {StoreUnavailable} if a transaction has locked the anomalies for more than a second, after all other rows are deleted; names the
 *   session, or states that another process creates or drops partitions; the next run retries
 */
export async function applyRetention(
  pool: Pool,
  retention: {
    readonly pipeline: string
    readonly anomaliesMs: number
    readonly statisticsMs: number
    /** How long the window state of an entity without records is kept. */
    readonly windowStatesMs: number
    /** The topics that the pipeline reads. */
    readonly topics: readonly string[]
    /** When it aborts, no other round of deletions begins: the next run continues. */
    readonly signal: AbortSignal
  },
): Promise<Retention> {
  const { pipeline, windowStatesMs, topics, signal } = retention
  const { asOf, now } = await advanceClock(pool, pipeline)
  // The first instant of its UTC day, as for the partitions.
  const anomaliesCutoff = `${dayOf(asOf.getTime() - retention.anomaliesMs)}T00:00Z`
  const statisticsCutoff = new Date(asOf.getTime() - retention.statisticsMs).toISOString()
  // One row for each rejected record, delivery, withheld alert, record on which a shadow differs, or minute of Kafka's record time.
  for (const rows of [
    rowsBefore(pipeline, 'dead_letters', 'rejected_at', anomaliesCutoff),
    rowsBefore(pipeline, 'webhook_deliveries', 'died_at', anomaliesCutoff),
    rowsBefore(pipeline, 'webhook_deliveries', 'delivered_at', statisticsCutoff),
    rowsBefore(pipeline, 'shadow_differences', 'noted_at', anomaliesCutoff),
    rowsBefore(pipeline, 'unsent_alerts', 'decided_at', anomaliesCutoff),
    rowsBefore(pipeline, 'score_statistics', 'updated_at', statisticsCutoff, 'minute'),
  ]) {
    await deleteInRounds(pool, rows, signal)
  }
  await run(pool, {
    name: 'delete_old_rows',
    text: `
      with recalibrations as (
        delete from outflow.recalibrations as old
        where pipeline = $1 and made_at < $2::timestamptz
          and exists (select from outflow.recalibrations as newer
                      where newer.pipeline = old.pipeline and newer.model_id = old.model_id and newer.id > old.id
                        and newer.made_at < $2::timestamptz)
      ), calibration as (
        delete from outflow.calibration_records as old
        using outflow.models as model
        where old.pipeline = $1 and model.pipeline = old.pipeline and model.id = old.model_id
          and model.created_at < $2::timestamptz
          and not exists (select from outflow.models as active
                          where active.pipeline = $1 and active.state = 'active' and active.fitted_id = old.model_id)
      ), models as (
        delete from outflow.models as old
        where pipeline = $1 and created_at < $2::timestamptz and state <> 'active'
          and not (state = 'candidate' and shadow_since is not null)
          and not exists (select from outflow.models as active
                          where active.pipeline = $1 and active.state = 'active' and active.fitted_id = old.fitted_id)
          and not exists (select from outflow.model_changes as change
                          where change.pipeline = $1 and old.id in (change.model_id, change.previous_id)
                            and (change.made_at >= $2::timestamptz
                                 or change.id = (select max(id) from outflow.model_changes where pipeline = $1)))
      )
      delete from outflow.shadow_statistics where pipeline = $1 and updated_at < $2::timestamptz`,
    values: [pipeline, anomaliesCutoff],
  })
  await deleteInRounds(pool, idleWindowStates(pipeline, topics, windowStatesMs, asOf), signal)
  // In every run: a query of an analyst may have prevented it in the last one.
  await createPartitions(pool, [dayOf(now.getTime()), dayOf(now.getTime() + DAY_MS)])
  // Last, because a transaction of an analyst may prevent it.
  const cleared = await clearDays(pool, { pipeline, cutoff: anomaliesCutoff, signal })
  return { cleared, asOf, behindMs: now.getTime() - asOf.getTime() }
}

/**
 * A statement that selects the ctids of rows to delete. Without its lock, a row that is stored at the same time could be deleted: it has
 * another ctid then.
 */
interface OldRows extends Required<Statement> {
  readonly table: string
}

/** The pipeline's rows of a time before the cutoff, in the order of a column by which an index finds them. */
function rowsBefore(pipeline: string, table: string, time: string, cutoff: string, order = time): OldRows {
  return {
    table,
    name: `delete_${table}_by_${time}`,
    text: `
      select ctid from outflow.${table}
      where pipeline = $1 and ${time} < $2::timestamptz
      order by ${order}
      for update skip locked`,
    values: [pipeline, cutoff],
  }
}

/**
 * The states of entities that were not seen for `keepMs` while their partition advanced; time in which the
 * pipeline was stopped does not count. Partitions of other topics than `topics` never advance again: there all time counts.
 */
function idleWindowStates(pipeline: string, topics: readonly string[], keepMs: number, asOf: Date): OldRows {
  return {
    table: 'window_states',
    name: 'delete_idle_window_states',
    text: `
      select idle.ctid
      from outflow.window_states as idle
      join outflow.offsets as moved using (pipeline, topic, partition)
      where idle.pipeline = $1
        and idle.updated_at < least(case when idle.topic = any($4::text[]) then moved.updated_at end, $3::timestamptz)
                              - make_interval(secs => $2::float8 / 1000)
      for update of idle skip locked`,
    values: [pipeline, keepMs, asOf, topics],
  }
}

/** Deletes rows in rounds until the signal aborts: millions take longer than a statement may. */
async function deleteInRounds(pool: Pool, { table, name, text, values }: OldRows, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const deleted = await runValue<number>(pool, {
      name,
      text: `
        with deleted as (
          delete from outflow.${table} where ctid = any(array(${text} limit ${ROWS_PER_ROUND})) returning 1
        )
        select count(*)::integer from deleted`,
      values,
    })
    if (deleted < ROWS_PER_ROUND) return
  }
}

const ROWS_PER_ROUND = 10_000

/**
 * Advances the retention clock towards Postgres's clock, by at most a day an hour regardless of the number of processes and restarts.
 * If Postgres's clock was set back, the retention clock moves back too.
 */
async function advanceClock(pool: Pool, pipeline: string): Promise<{ readonly asOf: Date; readonly now: Date }> {
  return runOne<{ asOf: Date; now: Date }>(pool, {
    name: 'advance_retention_clock',
    text: `
      with advanced as (
        insert into outflow.retention_clocks as last (pipeline, as_of, ran_at) values ($1, now(), now())
        on conflict (pipeline) do update set as_of = least(now(), last.as_of + interval '1 day'), ran_at = now()
          where abs(extract(epoch from now() - last.ran_at)) >= $2
        returning as_of
      )
      select coalesce((select as_of from advanced), least(now(), last.as_of)) as "asOf", now() as now
      from (values ($1)) as given (pipeline) left join outflow.retention_clocks as last using (pipeline)`,
    values: [pipeline, FEWEST_SECONDS_BETWEEN_DAYS],
  })
}

/** Ingest applies retention every hour; its timer may be some minutes early. */
const FEWEST_SECONDS_BETWEEN_DAYS = 3_300

/** Uses one transaction for each day, so that the lock on the whole table is released in between. */
async function clearDays(
  pool: Pool,
  { pipeline, cutoff, signal }: { readonly pipeline: string; readonly cutoff: string; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const cleared = new Set<string>()
  while (!signal.aborted) {
    const [day] = await run<{ partition: string }>(pool, {
      name: 'drop_anomalies_before',
      text: 'select cleared as partition from outflow.drop_anomalies_before($1, $2::timestamptz) as cleared',
      values: [pipeline, cutoff],
    })
    if (day === undefined) break
    cleared.add(day.partition)
  }
  return [...cleared]
}
