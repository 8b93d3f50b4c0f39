import type { Pool, Queryable } from './pool.js'

export type ModelState = 'candidate' | 'active' | 'retired' | 'rejected'

/** A model without its artefact. */
export interface ModelSummary {
  readonly pipeline: string
  readonly id: string
  readonly state: ModelState
  /** The model that was active when this one was fitted. */
  readonly parentId: string | null
  readonly metadata: unknown
  readonly metrics: unknown
  readonly artefactBytes: number
  /** sha-256 of the artefact, hex. */
  readonly checksum: string
  readonly createdAt: Date
  readonly promotedAt: Date | null
}

export interface StoredModel extends ModelSummary {
  readonly artefact: Uint8Array
}

export interface NewModel {
  readonly pipeline: string
  readonly id: string
  readonly artefact: Uint8Array
  readonly metadata: unknown
  readonly metrics: unknown
  readonly parentId: string | null
}

/** Stores a candidate. The same id again changes nothing: ids derive from the content. */
export function insertModel(db: Queryable, model: NewModel): Promise<'inserted' | 'known'> {
  throw new Error(`not built yet ${db} ${model}`)
}

/**
 * Makes a model the active one and retires the one before, in one transaction, and notifies `outflow_models`.
 *
 * @throws {ModelUnknown}
 */
export function promoteModel(pool: Pool, model: { readonly pipeline: string; readonly id: string }): Promise<void> {
  throw new Error(`not built yet ${pool} ${model}`)
}

/** Marks a candidate that did not pass its gate. @throws {ModelUnknown} when no such candidate is stored */
export function rejectModel(
  db: Queryable,
  model: { readonly pipeline: string; readonly id: string; readonly metrics: unknown },
): Promise<void> {
  throw new Error(`not built yet ${db} ${model}`)
}

/** Gives the id of the pipeline's active model, or null while there is none. Cheap: no artefact is read. */
export function activeModelId(db: Queryable, pipeline: string): Promise<string | null> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}

/**
 * Gives the pipeline's active model, its checksum verified, or null while there is none.
 *
 * @throws {ModelDamaged} when the bytes are not those that were stored
 */
export function activeModel(db: Queryable, pipeline: string): Promise<StoredModel | null> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}

/** @throws {ModelUnknown | ModelDamaged} */
export function loadModel(
  db: Queryable,
  model: { readonly pipeline: string; readonly id: string },
): Promise<StoredModel> {
  throw new Error(`not built yet ${db} ${model}`)
}

/** Gives a pipeline's models, newest first. */
export function listModels(db: Queryable, pipeline: string): Promise<readonly ModelSummary[]> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}
