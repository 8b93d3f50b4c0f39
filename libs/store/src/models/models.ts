import { createHash } from 'node:crypto'
import { type GateReport, gateReportSchema, type ModelMetadata, modelMetadataSchema } from '@outflow/contracts'
import { ModelDamaged, ModelUnknown } from '../connection/errors.js'
import { jsonColumn } from '../connection/json-column.js'
import { type Pool, type Queryable, withTransaction } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { hasRows, type RowOf, run, runValue } from '../connection/statement.js'
import { closeFitsOf } from '../training/fits.js'
import { calibrationRecordsJson, type NewCalibrationRecord } from './calibration-records.js'

export type ModelState = 'candidate' | 'active' | 'retired' | 'failed_gate' | 'rolled_back'

/** A model without its artefact. */
export interface ModelSummary {
  readonly pipeline: string
  readonly id: string
  readonly state: ModelState
  /** The model that was active when this one was fitted. */
  readonly parentId: string | null
  /** null: written by a newer outflow, in an unknown form. */
  readonly metadata: ModelMetadata | null
  readonly metrics: GateReport
  readonly artefactBytes: number
  /** sha-256 of the artefact, hex. */
  readonly checksum: string
  readonly createdAt: Date
  readonly promotedAt: Date | null
  /** When it became a shadow; null: it never was one. A shadow is a candidate with this time. */
  readonly shadowSince: Date | null
}

export interface StoredModel extends ModelSummary {
  readonly artefact: Uint8Array
}

export interface NewModel {
  readonly pipeline: string
  readonly id: string
  readonly artefact: Uint8Array
  readonly metadata: ModelMetadata
  readonly metrics: GateReport
  readonly parentId: string | null
  /** The calibration records that people may label. Default: none. */
  readonly toLabel?: readonly NewCalibrationRecord[]
}

type ModelRow = RowOf<ModelSummary, { readonly metadata: unknown; readonly metrics: unknown }>

/** Identifies a model. */
export type ModelKey = Pick<NewModel, 'pipeline' | 'id'>

// From the view, so that the role outflow_analyst may list models; only their artefacts need more privileges.
const SUMMARY_COLUMNS = `pipeline, id, state, parent_id as "parentId", metadata, metrics, artefact_bytes as "artefactBytes", checksum,
       created_at as "createdAt", promoted_at as "promotedAt", shadow_since as "shadowSince"`
const ARTEFACT =
  '(select artefact from outflow.models as own where own.pipeline = models.pipeline and own.id = models.id) as artefact'

/** Stores a candidate. Storing the same id again changes nothing, because ids derive from the content. */
export async function insertModel(db: Queryable, model: NewModel): Promise<void> {
  await run(db, {
    name: 'insert_model',
    text: `
      with inserted as (
        insert into outflow.models (pipeline, id, state, artefact, checksum, metadata, metrics, parent_id)
        values ($1, $2, 'candidate', $3, $4, $5, $6, $7)
        on conflict (pipeline, id) do nothing
        returning pipeline, id
      )
      insert into outflow.calibration_records
        (pipeline, model_id, rank, topic, partition, "offset", record_time, record, nll)
      select inserted.pipeline, id, rank, topic, partition, "offset", record_time, record, nll
      from inserted
      cross join jsonb_to_recordset($8) as given (
        rank integer, topic text, partition integer, "offset" bigint, record_time timestamptz, record jsonb, nll float8
      )`,
    values: [
      model.pipeline,
      model.id,
      model.artefact,
      createHash('sha256').update(model.artefact).digest(),
      jsonbText(model.metadata),
      jsonbText(model.metrics),
      model.parentId,
      jsonbText(calibrationRecordsJson(model.toLabel ?? [])),
    ],
  })
}

/**
 * Returns the ids of the models that were active before and were not rolled back, latest first. Models whose bytes do not match their
 * checksum are skipped; for this, Postgres reads every artefact.
 */
export async function earlierModelIds(db: Queryable, pipeline: string): Promise<readonly string[]> {
  const rows = await run<{ id: string }>(db, {
    name: 'earlier_models',
    text: `
      select id from outflow.models
      where pipeline = $1 and state = 'retired' and sha256(artefact) = checksum
      order by promoted_at desc nulls last, created_at desc`,
    values: [pipeline],
  })
  return rows.map(({ id }) => id)
}

/**
 * Marks a candidate that did not pass its gate and closes its fit, in one transaction; a repetition changes nothing.
 *
 * @throws {ModelUnknown} if no such candidate is stored
 */
export function failGate(pool: Pool, model: ModelKey & Pick<NewModel, 'metrics'>): Promise<void> {
  return withTransaction(pool, async (client) => {
    const isFailed = await hasRows(client, {
      name: 'fail_gate',
      text: `
        update outflow.models
        set state = 'failed_gate', metrics = $3
        where pipeline = $1 and id = $2 and state in ('candidate', 'failed_gate')
        returning id`,
      values: [model.pipeline, model.id, jsonbText(model.metrics)],
    })
    if (!isFailed) throw unknown(model)
    await closeFitsOf(client, model, 'failed_gate')
  })
}

/** Returns the id of the pipeline's active model, or null if there is none. Cheap, because it reads no artefact. */
export async function activeModelId(db: Queryable, pipeline: string): Promise<string | null> {
  return runValue(db, {
    name: 'active_model_id',
    text: `select id from outflow.models where pipeline = $1 and state = 'active'`,
    values: [pipeline],
  })
}

/**
 * Returns the pipeline's active model, with its checksum verified, or null if there is none.
 *
 * @throws {ModelDamaged} if the bytes do not match their checksum
 */
export async function activeModel(db: Queryable, pipeline: string): Promise<StoredModel | null> {
  const id = await activeModelId(db, pipeline)
  return id === null ? null : loadModel(db, { pipeline, id })
}

/** @throws {ModelUnknown | ModelDamaged} */
export async function loadModel(db: Queryable, model: ModelKey): Promise<StoredModel> {
  const [row] = await run<ModelRow & { artefact: Buffer }>(db, {
    name: 'load_model',
    text: `select ${SUMMARY_COLUMNS}, ${ARTEFACT} from analyst.models where pipeline = $1 and id = $2`,
    values: [model.pipeline, model.id],
  })
  if (!row) throw unknown(model)
  if (createHash('sha256').update(row.artefact).digest('hex') !== row.checksum) throw damaged(model)
  return { ...toSummary(row), artefact: row.artefact }
}

/** Returns a stored model without its artefact; null if it does not exist. */
export async function modelSummary(db: Queryable, model: ModelKey): Promise<ModelSummary | null> {
  const [row] = await run<ModelRow>(db, {
    name: 'model_summary',
    text: `select ${SUMMARY_COLUMNS} from analyst.models where pipeline = $1 and id = $2`,
    values: [model.pipeline, model.id],
  })
  return row ? toSummary(row) : null
}

/** Returns a pipeline's models, newest first. */
export async function listModels(db: Queryable, pipeline: string): Promise<readonly ModelSummary[]> {
  const rows = await run<ModelRow>(db, {
    name: 'list_models',
    text: `select ${SUMMARY_COLUMNS} from analyst.models where pipeline = $1 order by created_at desc, id`,
    values: [pipeline],
  })
  return rows.map(toSummary)
}

function toSummary(row: ModelRow): ModelSummary {
  return {
    ...row,
    metadata: readMetadata(row.metadata),
    metrics: readMetrics(row.metrics, `${row.pipeline}, ${row.id}`),
  }
}

/** The report of the gate that a model passed or failed. */
export const readMetrics = jsonColumn('outflow.models.metrics', gateReportSchema)

/** Parses the JSON column of the same name; null: written by a newer outflow, in an unknown form. */
export function readMetadata(column: unknown): ModelMetadata | null {
  return modelMetadataSchema.safeParse(column).data ?? null
}

/** When a model was fitted: it is stored after its gate, and its weights again, with another calibration set, after labels. */
export const trainedAtOf = ({ metadata, createdAt }: Pick<ModelSummary, 'metadata' | 'createdAt'>): Date =>
  metadata === null ? createdAt : new Date(metadata.createdAt)

function damaged({ pipeline, id }: ModelKey): ModelDamaged {
  return new ModelDamaged(
    `the artefact of model ${id} of ${pipeline} does not match its stored checksum; ` +
      'promote another model or fit a new one',
    { values: { pipeline, id } },
  )
}

function unknown({ pipeline, id }: ModelKey): ModelUnknown {
  return new ModelUnknown(`pipeline ${pipeline} has no such model: ${id}; outflow models list lists its models`, {
    values: { pipeline, id },
  })
}
