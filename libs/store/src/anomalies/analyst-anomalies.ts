import { formatPosition, type Reason } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { type RowOf, run } from '../connection/statement.js'
import type { AnomalyLine } from './anomaly-list.js'
import { readReasons } from './explanations.js'

/** An anomaly as the views of schema analyst have it. */
export interface AnalystAnomaly extends Omit<AnomalyLine, 'recordTime' | 'topReason' | 'fields' | 'verdict'> {
  /** null: not computed yet, or unexplainable. */
  readonly reasons: readonly Reason[] | null
  /** Why no reasons can be computed; null: they are computed, or will be. */
  readonly unexplainable: string | null
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
      select pipeline, topic, partition, "offset", event_time as "eventTime", detected_at as "detectedAt", entity_key as "entityKey",
             nll, p_value as "pValue", severity, reasons, unexplainable, model_id as "modelId"
      from analyst.anomalies
      where pipeline = $1 and detected_at >= $2
        and ($3::text is null or entity_key = $3)
        and ($4::text is null or (reasons -> 0 ->> 'field') = $4)
      order by detected_at desc, topic, partition, "offset" desc
      limit $5`,
    values: [filter.pipeline, filter.since, filter.key ?? null, filter.field ?? null, filter.limit],
  })
  return rows.map(({ offset, reasons, ...row }) => {
    const anomaly = { ...row, offset: BigInt(offset) }
    return { ...anomaly, reasons: readReasons(reasons, `${row.pipeline}, ${formatPosition(anomaly)}`) }
  })
}

type AnalystRow = RowOf<AnalystAnomaly, { readonly offset: string; readonly reasons: unknown }>
