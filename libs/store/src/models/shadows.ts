import type { GateReport, ShadowReport } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { hasRows, type RowOf, run, runValue } from '../connection/statement.js'
import { type ModelKey, readMetrics } from './models.js'

/** Agreement of a shadow with the active model. */
export interface ShadowCounts {
  /** Records scored by both models. */
  readonly scored: number
  readonly anomaliesByBoth: number
  /** Anomalies of the active model alone, and of the candidate alone. */
  readonly anomaliesByActive: number
  readonly anomaliesByShadow: number
}

/** A candidate that scores live records without deciding. */
export interface Shadow extends ShadowCounts {
  readonly id: string
  readonly metrics: GateReport
  /** Records a day in its training window; null if that has no rate. */
  readonly recordsPerDay: number | null
  /** Measured by Postgres's clock. */
  readonly elapsedMs: number
  /** Whether another model was activated since, except one made by labels of the model that was active. */
  readonly isOutdated: boolean
}

/** Makes a candidate the shadow, and notifies every ingest. @returns whether there was such a candidate */
export async function beginShadow(db: Queryable, { pipeline, id }: ModelKey): Promise<boolean> {
  return hasRows(db, {
    name: 'begin_shadow',
    text: `
      update outflow.models set shadow_since = now()
      where pipeline = $1 and id = $2 and state = 'candidate'
      returning pg_notify('outflow_models', $1)`,
    values: [pipeline, id],
  })
}

/** Returns the id of the pipeline's shadow; null if there is none. Cheap, because it runs every second. */
export async function shadowId(db: Queryable, pipeline: string): Promise<string | null> {
  return runValue(db, {
    name: 'shadow_id',
    text: `
      select id from outflow.models where pipeline = $1 and state = 'candidate' and shadow_since is not null`,
    values: [pipeline],
  })
}

/** Returns the pipeline's shadow with its counts; null if there is none. */
export async function currentShadow(db: Queryable, pipeline: string): Promise<Shadow | null> {
  const [row] = await run<RowOf<Shadow, { readonly metrics: unknown }>>(db, {
    name: 'current_shadow',
    text: `
      select models.id, models.metrics, (models.metadata ->> 'recordsPerDay')::float8 as "recordsPerDay",
             extract(epoch from now() - shadow_since)::float8 * 1000 as "elapsedMs",
             parent_id is not null and not exists (
               select from outflow.models as active
               join outflow.models as parent using (pipeline, fitted_id)
               where pipeline = $1 and active.state = 'active' and parent.id = models.parent_id
             ) as "isOutdated",
             coalesce(sum(scored), 0)::float8 as scored, coalesce(sum(anomalies_by_both), 0)::float8 as "anomaliesByBoth",
             coalesce(sum(anomalies_by_active), 0)::float8 as "anomaliesByActive",
             coalesce(sum(anomalies_by_shadow), 0)::float8 as "anomaliesByShadow"
      from outflow.models as models
      left join outflow.shadow_statistics as statistics
        on statistics.pipeline = models.pipeline and statistics.shadow_id = models.id
      where models.pipeline = $1 and state = 'candidate' and shadow_since is not null
      group by models.pipeline, models.id`,
    values: [pipeline],
  })
  return row === undefined ? null : { ...row, metrics: readMetrics(row.metrics, `${pipeline}, ${row.id}`) }
}

/**
 * Returns the newest model if it is a candidate that passed its gate and whose trainer stopped before making it a shadow or promoting
 * it; null if there is none, or if another model was activated since. One made by labels does not count: it never becomes a shadow, and the
 * trainer makes and promotes it again.
 */
export async function unpromotedCandidate(db: Queryable, pipeline: string): Promise<string | null> {
  return runValue(db, {
    name: 'unpromoted_candidate',
    text: `
      select id
      from (
        select id, fitted_id, state, metrics, shadow_since, parent_id from outflow.models where pipeline = $1
        order by created_at desc limit 1
      ) as newest
      where state = 'candidate' and fitted_id = id and shadow_since is null and metrics -> 'passed' = 'true'::jsonb
        and parent_id is not distinct from (select id from outflow.models where pipeline = $1 and state = 'active')`,
    values: [pipeline],
  })
}

/** Stores the result of a shadow in the report of its fit. */
export async function noteShadowReport(
  db: Queryable,
  { pipeline, id, report }: ModelKey & { readonly report: ShadowReport },
): Promise<void> {
  await run(db, {
    name: 'note_shadow_report',
    text: `
      update outflow.fits set report = report || jsonb_build_object('shadow', $3::jsonb), updated_at = now()
      where pipeline = $1 and model_id = $2 and state = 'shadow'`,
    values: [pipeline, id, jsonbText(report)],
  })
}
