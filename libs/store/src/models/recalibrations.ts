import { type Recalibration, recalibrationSchema } from '@outflow/contracts'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { run } from '../connection/statement.js'
import { loadModel } from './models.js'

/** How a model's p-values are recalibrated from a time on. */
export interface StoredRecalibration {
  readonly id: bigint
  readonly modelId: string
  readonly recalibration: Recalibration
}

/** Stores a recalibration, and notifies `outflow_models`. */
export async function noteRecalibration(
  db: Queryable,
  noted: {
    readonly pipeline: string
    readonly modelId: string
    readonly recalibration: Recalibration
    /** The factor applied to the p-value at the alert rate. */
    readonly factor: number
    /** The last minute that it is based on, Kafka's record time. */
    readonly until: Date
  },
): Promise<void> {
  await run(db, {
    name: 'note_recalibration',
    text: `
      insert into outflow.recalibrations (pipeline, model_id, recalibration, factor, until_time)
      values ($1, $2, $3, $4, $5)
      returning pg_notify('outflow_models', $1)`,
    values: [noted.pipeline, noted.modelId, jsonbText(noted.recalibration), noted.factor, noted.until],
  })
}

/** Returns the current recalibration of a model; null: there is none. */
export async function latestRecalibration(
  db: Queryable,
  of: { readonly pipeline: string; readonly modelId: string },
): Promise<StoredRecalibration | null> {
  const [row] = await run<{ id: bigint; recalibration: unknown }>(db, {
    name: 'latest_recalibration',
    text: `
      select id, recalibration from outflow.recalibrations
      where pipeline = $1 and model_id = $2
      order by id desc
      limit 1`,
    values: [of.pipeline, of.modelId],
  })
  return row === undefined
    ? null
    : { id: row.id, modelId: of.modelId, recalibration: readRecalibration(row.recalibration, `${row.id}`) }
}

/** Returns a recalibration; null: retention has deleted it. */
async function recalibrationOf(db: Queryable, id: bigint): Promise<Recalibration | null> {
  const [row] = await run<{ recalibration: unknown }>(db, {
    name: 'recalibration_of',
    text: 'select recalibration from outflow.recalibrations where id = $1',
    values: [id],
  })
  return row === undefined ? null : readRecalibration(row.recalibration, `${id}`)
}

const readRecalibration = jsonColumn('outflow.recalibrations.recalibration', recalibrationSchema)

/** Reads the models and recalibrations by which anomalies of a pipeline are explained. */
export const explanationSource = (db: Queryable, pipeline: string) => ({
  model: (id: string) => loadModel(db, { pipeline, id }),
  recalibration: (id: bigint) => recalibrationOf(db, id),
})
