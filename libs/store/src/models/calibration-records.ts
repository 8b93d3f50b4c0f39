import type { Position } from '@outflow/contracts'
import type { Verdict } from '@outflow/contracts/verdict'
import { z } from 'zod'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { type RowOf, run } from '../connection/statement.js'

const valuesSchema = z.record(z.string(), z.union([z.string(), z.number()]).nullable()).readonly()
const readRecord = jsonColumn('outflow.calibration_records.record', valuesSchema)

/** A calibration record of a fitted model that people may label. */
export interface NewCalibrationRecord extends Position {
  /** Rank among the calibration records of the model; 0 is the least likely. */
  readonly rank: number
  readonly recordTimeMs: number
  /** Values of the features, by name. */
  readonly record: z.output<typeof valuesSchema>
  /** nats */
  readonly nll: number
}

export interface CalibrationRecord extends Omit<NewCalibrationRecord, 'recordTimeMs'> {
  /** pipeline/topic/partition/offset, as verdicts require. */
  readonly id: string
  readonly recordTime: Date
  /** The latest verdict; null: none. */
  readonly verdict: Verdict | null
}

/** The records in the form of `insert_model`: a JSON array whose keys are the columns. */
export const calibrationRecordsJson = (records: readonly NewCalibrationRecord[]) =>
  records.map(({ offset, recordTimeMs, ...record }) => ({
    ...record,
    offset: String(offset),
    record_time: new Date(recordTimeMs).toISOString(),
  }))

/** Returns the calibration records of a fitted model that people may label, the least likely first. */
export async function listCalibrationRecords(
  db: Queryable,
  { pipeline, modelId }: { readonly pipeline: string; readonly modelId: string },
): Promise<readonly CalibrationRecord[]> {
  const rows = await run<RowOf<CalibrationRecord, { readonly record: unknown }>>(db, {
    name: 'list_calibration_records',
    text: `
      select id, rank, topic, partition, "offset", record_time as "recordTime", record, nll, verdict
      from analyst.calibration_records
      where pipeline = $1 and model_id = $2
      order by rank`,
    values: [pipeline, modelId],
  })
  return rows.map((row) => ({ ...row, record: readRecord(row.record, row.id) }))
}

/** The fitted model whose calibration records may be labelled. */
interface CalibrationToLabel {
  /** The active model: the same, or one of the same weights whose calibration set was trimmed by labels. */
  readonly activeId: string
  readonly fittedId: string
  /** Calibration records of the fitted model, and the alert rate that they were drawn for. */
  readonly rows: number
  readonly alertRate: number
  /** The least likely first. */
  readonly records: readonly CalibrationRecord[]
}

/** Returns the calibration records of the active model that people may label; null: there is no active model. */
export async function calibrationToLabel(db: Queryable, pipeline: string): Promise<CalibrationToLabel | null> {
  const [model] = await run<Omit<CalibrationToLabel, 'records'>>(db, {
    name: 'calibration_to_label',
    text: `
      select active.id as "activeId", fitted.id as "fittedId", (fitted.metadata #>> '{calibration,rows}')::int as rows,
             (fitted.metadata ->> 'alertRate')::float8 as "alertRate"
      from analyst.models as active
      join analyst.models as fitted
        on fitted.pipeline = active.pipeline and fitted.id = coalesce(active.metadata #>> '{calibration,labels,of}', active.id)
      where active.pipeline = $1 and active.state = 'active'`,
    values: [pipeline],
  })
  if (model === undefined) return null
  return { ...model, records: await listCalibrationRecords(db, { pipeline, modelId: model.fittedId }) }
}

/**
 * Returns the model with calibration records that were labelled since its calibration set was last trimmed: the active model, or the
 * fitted model from which the active one was made. null: there are no new labels, or the latest is newer than `quietMs`. A trimmed model
 * that was stored, but not promoted, does not count.
 *
 * @returns until: when the latest label was given
 */
export async function modelToTrim(
  db: Queryable,
  { pipeline, quietMs }: { readonly pipeline: string; readonly quietMs: number },
): Promise<{ readonly fittedId: string; readonly activeId: string; readonly until: Date } | null> {
  const [row] = await run<{ fittedId: string; activeId: string; until: Date }>(db, {
    name: 'model_to_trim',
    // Not from the view, which sorts all verdicts of the pipeline to find the latest on each record.
    text: `
      with labelled as (
        select active.id, active.fitted_id, bool_or(verdict = 'confirmed') as is_any_confirmed,
               date_trunc('milliseconds', max(given_at)) as until
        from outflow.models as active
        join outflow.calibration_records as record on record.pipeline = active.pipeline and record.model_id = active.fitted_id
        cross join lateral (
          select verdict, given_at from outflow.verdicts as given
          where given.pipeline = $1 and given.topic = record.topic and given.partition = record.partition
            and given."offset" = record."offset"
          order by given.id desc
          limit 1
        ) as latest
        where active.pipeline = $1 and state = 'active'
        group by active.id, active.fitted_id
      ), trimmed as (
        select fitted_id, (metadata #>> '{calibration,labels,until}')::timestamptz as until
        from outflow.models
        where pipeline = $1 and fitted_id <> id and state <> 'candidate'
      )
      select fitted_id as "fittedId", id as "activeId", until
      from labelled
      where until <= now() - $2 * interval '1 ms'
        and (is_any_confirmed or exists (select from trimmed where trimmed.fitted_id = labelled.fitted_id))
        and not exists (select from trimmed where trimmed.fitted_id = labelled.fitted_id and trimmed.until >= labelled.until)`,
    values: [pipeline, quietMs],
  })
  return row ?? null
}
