import { formatPosition, type Position, type Reason, type Severity } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { readReasons } from './explanations.js'

/** An anomaly as an analyst sees it. */
export interface AnalystAnomaly extends Position {
  readonly pipeline: string
  readonly eventTime: Date
  readonly detectedAt: Date
  readonly entityKey: string | null
  /** Nats. */
  readonly nll: number
  readonly pValue: number
  readonly severity: Severity
  /** null: not computed yet, or unexplainable. */
  readonly reasons: readonly Reason[] | null
  /** Why no reasons can be computed; null: they are computed, or will be. */
  readonly unexplainable: string | null
  readonly modelId: string
}

interface AnalystFilter {
  readonly pipeline: string
  /** By time of detection. */
  readonly since: Date
  readonly key?: string | undefined
  /** The field of the main reason. */
  readonly field?: string | undefined
  readonly limit: number
}

/** Returns a pipeline's anomalies by the views of schema analyst, the newest first: a login with the role outflow_analyst is enough. */
export async function anomaliesForAnalyst(db: Queryable, filter: AnalystFilter): Promise<readonly AnalystAnomaly[]> {
  const rows = await run<AnalystRow>(db, {
    name: 'anomalies_for_analyst',
    text: `
      select pipeline, topic, partition, "offset", event_time, detected_at, entity_key, nll, p_value, severity, reasons,
             unexplainable, model_id
      from analyst.anomalies
      where pipeline = $1 and detected_at >= $2
        and ($3::text is null or entity_key = $3)
        and ($4::text is null or (reasons -> 0 ->> 'field') = $4)
      order by detected_at desc, topic, partition, "offset" desc
      limit $5`,
    values: [filter.pipeline, filter.since, filter.key ?? null, filter.field ?? null, filter.limit],
  })
  return rows.map((row) => {
    const position = { topic: row.topic, partition: row.partition, offset: BigInt(row.offset) }
    return {
      ...position,
      pipeline: row.pipeline,
      eventTime: row.event_time,
      detectedAt: row.detected_at,
      entityKey: row.entity_key,
      nll: row.nll,
      pValue: row.p_value,
      severity: row.severity,
      reasons: readReasons(row.reasons, `${row.pipeline}, ${formatPosition(position)}`),
      unexplainable: row.unexplainable,
      modelId: row.model_id,
    }
  })
}

interface AnalystRow {
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly event_time: Date
  readonly detected_at: Date
  readonly entity_key: string | null
  readonly nll: number
  readonly p_value: number
  readonly severity: Severity
  readonly reasons: unknown
  readonly unexplainable: string | null
  readonly model_id: string
}
