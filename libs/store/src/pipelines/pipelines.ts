import type { Queryable } from '../connection/pool.js'
import { hasRows, run, runValue } from '../connection/statement.js'

interface PipelineSummary {
  readonly pipeline: string
  /** Time of detection; null: none is stored. */
  readonly newestAnomalyAt: Date | null
}

const KNOWN = `select pipeline from outflow.offsets union select pipeline from outflow.models union select pipeline from outflow.heartbeats`

/** Returns the pipelines that have read a record, or have a model or a running service, sorted by name. */
export async function listPipelines(db: Queryable): Promise<readonly PipelineSummary[]> {
  return run<PipelineSummary>(db, {
    name: 'list_pipelines',
    text: `
      select pipeline,
             (select max(detected_at) from outflow.anomalies where anomalies.pipeline = known.pipeline) as "newestAnomalyAt"
      from (${KNOWN}) as known
      order by pipeline`,
  })
}

/** Whether `listPipelines` lists it. */
export async function pipelineExists(db: Queryable, pipeline: string): Promise<boolean> {
  return hasRows(db, {
    name: 'pipeline_exists',
    text: `select from (${KNOWN}) as known where pipeline = $1`,
    values: [pipeline],
  })
}

/** Whether online false-discovery control has decided on records of the pipeline. */
export async function hasFdrState(db: Queryable, pipeline: string): Promise<boolean> {
  return hasRows(db, {
    name: 'has_fdr_state',
    text: 'select from outflow.offsets where pipeline = $1 and fdr_state is not null limit 1',
    values: [pipeline],
  })
}

/** Returns the rate of records by Kafka's record time, in records a second, for the last minute and for the current minute so far. */
export async function recentRate(db: Queryable, pipeline: string): Promise<number> {
  return runValue(db, {
    name: 'recent_rate',
    text: `
      with since as (select date_trunc('minute', now()) - interval '1 minute' as minute)
      select (
        (select coalesce(sum(scored), 0) from outflow.score_statistics
         where pipeline = $1 and minute >= (select minute from since) and minute <= now())
        + (select count(*) from outflow.dead_letters
           where pipeline = $1 and rejected_at >= (select minute from since)
             and record_time >= (select minute from since) and record_time <= now())
      )::float8 / extract(epoch from now() - (select minute from since))::float8 as per_second`,
    values: [pipeline],
  })
}
