import type { Queryable } from '../connection/pool.js'
import { run, runOne } from '../connection/statement.js'
import type { Occurrence } from './health-events.js'

/** The facts in Postgres that a pipeline's conditions are derived from; ages are measured by Postgres's clock. */
export interface HealthFacts {
  /** null: no model is active. */
  readonly activeId: string | null
  /** Age since it was fitted, before labels changed its calibration set, or since a later fit gave an identical model. */
  readonly modelAgeMs: number | null
  /** The most frequent reason of the newest dead letters, and one of them with its position and detail; null: there are none. */
  readonly rejectedFor: string | null
  /** The newest drift alarm of the active model's scores. */
  readonly drift: { readonly chart: string; readonly changedAt: Date; readonly field: string | null } | null
}

export async function healthFacts(db: Queryable, pipeline: string): Promise<HealthFacts> {
  const row = await runOne<
    Omit<HealthFacts, 'drift'> & {
      readonly chart: string | null
      readonly changedAt: Date | null
      readonly field: string | null
    }
  >(db, {
    name: 'health_facts',
    text: `
      with active as (
        select id, fitted_id from outflow.models where pipeline = $1 and state = 'active'
      ), newest_dead_letters as (
        select reason, topic || '/' || partition || '/' || "offset" || ': ' || detail as example
        from outflow.dead_letters where pipeline = $1 order by rejected_at desc limit 100
      ), alarm as (
        select chart, changed_at, fields -> 0 ->> 'field' as field
        from outflow.drift_alarms
        where pipeline = $1 and model_id = (select id from active)
        order by id desc
        limit 1
      )
      select (select id from active) as "activeId",
             extract(epoch from now() - greatest(
               (select created_at from outflow.models where pipeline = $1 and id = (select fitted_id from active)),
               (select max(ended_at) from outflow.fits
                where pipeline = $1 and model_id = (select fitted_id from active) and state = 'known')
             ))::float8 * 1000 as "modelAgeMs",
             (select reason || ', for example ' || min(example)
              from newest_dead_letters group by reason order by count(*) desc limit 1) as "rejectedFor",
             alarm.chart, alarm.changed_at as "changedAt", alarm.field
      from (select) as one left join alarm on true`,
    values: [pipeline],
  })
  const { chart, changedAt, field, ...facts } = row
  return { ...facts, drift: chart === null || changedAt === null ? null : { chart, changedAt, field } }
}

/**
 * The single events, by the table that records them. Each query selects, for pipeline $1 and the last day: a key that is unique within
 * the pipeline, the kind, the time, the model or null, and a sentence.
 */
const OCCURRENCES = [
  `select 'model_changes/' || id as occurrence, 'model_rolled_back' as kind, made_at as at, previous_id as model_id,
          'rolled back to ' || model_id || ' by ' || made_by || coalesce(': ' || nullif(why, ''), '') as detail
   from outflow.model_changes
   where pipeline = $1 and action = 'rollback' and made_at > now() - interval '1 day'`,
  // The fit of a shadow has ended when the shadow begins; its row is updated last when the shadow ends.
  `select 'fits/' || id, 'model_failed_gate', updated_at, model_id,
          coalesce(report -> 'gate' -> 'failures' ->> 0, report -> 'shadow' ->> 'failure', 'it did not pass')
   from outflow.fits
   where pipeline = $1 and state = 'failed_gate' and updated_at > now() - interval '1 day'`,
  // Only the first record of each partition and hour, because a defect may make many records fail. An hour leaves the last day as a whole:
  // without its first record, the next one would be reported.
  `(select distinct on (topic, partition, date_trunc('hour', rejected_at))
           'dead_letters/' || topic || '/' || partition || '/' || "offset", 'record_failed', rejected_at, null::text,
           topic || '/' || partition || '/' || "offset" || ' is a dead letter: ' || detail
    from outflow.dead_letters
    where pipeline = $1 and reason = 'failed' and rejected_at >= date_trunc('hour', now() - interval '1 day')
    order by topic, partition, date_trunc('hour', rejected_at), "offset")`,
  `select 'gaps/' || id, 'records_missed', found_at, null,
          topic || '/' || partition || ': ' || case kind
            when 'retention' then missed || ' offsets were deleted before they were read: ' || from_offset || ' to ' || to_offset - 1
            else 'the topic was deleted and created again; offset ' || from_offset || ' was to be read next, and reading begins at '
                 || to_offset
          end
   from outflow.gaps
   where pipeline = $1 and found_at > now() - interval '1 day'`,
]

/** Returns the single events of the last day that have no health event yet, in order of time. */
export async function newOccurrences(db: Queryable, pipeline: string): Promise<readonly Occurrence[]> {
  return run<Occurrence>(db, {
    name: 'new_occurrences',
    text: `
      select occurrence, kind, at, model_id as "modelId", detail
      from (
        ${OCCURRENCES.join('\n        union all\n        ')}
      ) as happened
      where not exists (
        select from outflow.health_events as reported
        where reported.pipeline = $1 and reported.occurrence = happened.occurrence
      )
      order by at`,
    values: [pipeline],
  })
}
