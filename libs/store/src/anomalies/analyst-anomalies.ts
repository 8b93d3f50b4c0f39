import { formatPosition, type StoredExplanation } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { type RowOf, run } from '../connection/statement.js'
import type { AnomalyLine } from './anomaly-list.js'
import { readExplanation } from './explanations.js'

/** An anomaly with the columns of the views in schema analyst. */
export type AnalystAnomaly = Omit<AnomalyLine, 'recordTime' | 'topReason' | 'fields'> & StoredExplanation

interface AnalystFilter {
  readonly pipeline: string
  /** By time of detection. */
  readonly since: Date
  readonly key?: string | undefined
  /** The field of the main reason. */
  readonly field?: string | undefined
  readonly limit: number
}

/** Returns a pipeline's anomalies from the views of schema analyst, newest first; the role outflow_analyst is sufficient. */
export async function anomaliesForAnalyst(db: Queryable, filter: AnalystFilter): Promise<readonly AnalystAnomaly[]> {
  const rows = await run<AnalystRow>(db, {
    name: 'anomalies_for_analyst',
    text: `
      select pipeline, topic, partition, "offset", event_time as "eventTime", detected_at as "detectedAt", entity_key as "entityKey",
             nll, p_value as "pValue", severity, verdict, reasons, counterfactual, unexplainable, model_id as "modelId",
             provisional
      from analyst.anomalies
      where pipeline = $1 and detected_at >= $2
        and ($3::text is null or entity_key = $3)
        and ($4::text is null or main_field = $4)
      order by detected_at desc, topic, partition, "offset" desc
      limit $5`,
    values: [filter.pipeline, filter.since, filter.key ?? null, filter.field ?? null, filter.limit],
  })
  return rows.map((row) => ({ ...row, ...readExplanation(row, `${row.pipeline}, ${formatPosition(row)}`) }))
}

type AnalystRow = RowOf<AnalystAnomaly, { readonly reasons: unknown; readonly counterfactual: unknown }>
