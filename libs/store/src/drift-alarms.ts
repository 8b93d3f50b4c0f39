import type { Queryable } from './pool.js'
import { jsonbText } from './postgres-text.js'
import { run } from './statement.js'

/** Scores that drifted from their calibration. */
export interface StoredDriftAlarm {
  readonly modelId: string
  readonly chart: string
  readonly statistic: number
  /** Kafka's record time: where the change began. */
  readonly changedAt: Date
  /** Kafka's record time: the minute that made it certain. */
  readonly raisedAt: Date
  readonly notedAt: Date
  readonly fields: readonly { readonly field: string; readonly nats: number }[]
}

/** Notes an alarm; the same again changes nothing. @returns whether it is new */
export async function noteDriftAlarm(
  db: Queryable,
  alarm: Omit<StoredDriftAlarm, 'notedAt'> & { readonly pipeline: string },
): Promise<boolean> {
  const rows = await run(db, {
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
  return rows.length > 0
}

/**
 * Gives a pipeline's newest alarm; null while there was none.
 *
 * @param charts  of these only; default: of any
 */
export async function latestDriftAlarm(
  db: Queryable,
  pipeline: string,
  charts: readonly string[] | null = null,
): Promise<StoredDriftAlarm | null> {
  const [row] = await run<{
    model_id: string
    chart: string
    statistic: number
    changed_at: Date
    raised_at: Date
    noted_at: Date
    fields: StoredDriftAlarm['fields']
  }>(db, {
    name: 'latest_drift_alarm',
    text: `
      select model_id, chart, statistic, changed_at, raised_at, noted_at, fields
      from outflow.drift_alarms
      where pipeline = $1 and ($2::text[] is null or chart = any ($2))
      order by id desc
      limit 1`,
    values: [pipeline, charts],
  })
  if (row === undefined) return null
  return {
    modelId: row.model_id,
    chart: row.chart,
    statistic: row.statistic,
    changedAt: row.changed_at,
    raisedAt: row.raised_at,
    notedAt: row.noted_at,
    fields: row.fields,
  }
}
