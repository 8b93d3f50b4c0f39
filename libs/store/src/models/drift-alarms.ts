import { z } from 'zod'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { hasRows, type RowOf, run } from '../connection/statement.js'

const movedFieldsSchema = z.array(z.object({ field: z.string(), nats: z.number() }).readonly()).readonly()
const readFields = jsonColumn('outflow.drift_alarms.fields', movedFieldsSchema)

/** An alarm about scores that drifted from their calibration. */
export interface StoredDriftAlarm {
  readonly modelId: string
  readonly chart: string
  readonly statistic: number
  /** Estimated beginning of the change, Kafka's record time. */
  readonly changedAt: Date
  /** The minute that raised the alarm, Kafka's record time. */
  readonly raisedAt: Date
  readonly notedAt: Date
  readonly fields: z.output<typeof movedFieldsSchema>
}

/** Stores an alarm, once. @returns whether it is new */
export async function noteDriftAlarm(
  db: Queryable,
  alarm: Omit<StoredDriftAlarm, 'notedAt'> & { readonly pipeline: string },
): Promise<boolean> {
  return hasRows(db, {
    name: 'note_drift_alarm',
    text: `
      insert into outflow.drift_alarms (pipeline, model_id, chart, statistic, changed_at, raised_at, fields)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict do nothing
      returning id`,
    values: [
      alarm.pipeline,
      alarm.modelId,
      alarm.chart,
      alarm.statistic,
      alarm.changedAt,
      alarm.raisedAt,
      jsonbText(alarm.fields),
    ],
  })
}

interface DriftAlarmQuery {
  readonly pipeline: string
  /** Default: of any chart. */
  readonly charts?: readonly string[]
  /** Default: of any model. */
  readonly modelId?: string
}

/** Returns the newest of these alarms; null if there is none. */
export async function latestDriftAlarm(db: Queryable, query: DriftAlarmQuery): Promise<StoredDriftAlarm | null> {
  const [alarm] = await listDriftAlarms(db, { ...query, limit: 1 })
  return alarm ?? null
}

/** Returns these alarms, newest first. */
export async function listDriftAlarms(
  db: Queryable,
  { pipeline, charts, modelId, limit }: DriftAlarmQuery & { readonly limit: number },
): Promise<readonly StoredDriftAlarm[]> {
  const rows = await run<RowOf<StoredDriftAlarm, { readonly fields: unknown }>>(db, {
    name: 'list_drift_alarms',
    text: `
      select model_id as "modelId", chart, statistic, changed_at as "changedAt", raised_at as "raisedAt",
             noted_at as "notedAt", fields
      from outflow.drift_alarms
      where pipeline = $1 and ($2::text[] is null or chart = any ($2)) and ($3::text is null or model_id = $3)
      order by id desc
      limit $4`,
    values: [pipeline, charts, modelId, limit],
  })
  return rows.map((row) => ({
    ...row,
    fields: readFields(row.fields, `${row.modelId}, raised at ${row.raisedAt.toISOString()}`),
  }))
}
