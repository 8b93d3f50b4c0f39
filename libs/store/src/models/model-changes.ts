import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import type { ModelKey } from './models.js'

interface ModelChange {
  readonly action: 'promote' | 'rollback'
  /** The model that became active. */
  readonly modelId: string
  /** The model that was active before; null: there was none. */
  readonly previousId: string | null
  readonly by: string
  readonly why: string
  readonly at: Date
}

/** Stores a change, in the transaction that makes it. */
export async function noteChange(db: Queryable, change: ModelKey & Omit<ModelChange, 'modelId' | 'at'>): Promise<void> {
  await run(db, {
    name: 'note_model_change',
    text: `
      insert into outflow.model_changes (pipeline, action, model_id, previous_id, made_by, why)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [change.pipeline, change.action, change.id, change.previousId, change.by, change.why],
  })
}

/** Returns the changes of a pipeline's active model, newest first. */
export async function listModelChanges(db: Queryable, pipeline: string): Promise<readonly ModelChange[]> {
  return run<ModelChange>(db, {
    name: 'list_model_changes',
    text: `
      select action, model_id as "modelId", previous_id as "previousId", made_by as "by", why, made_at as "at"
      from outflow.model_changes
      where pipeline = $1
      order by id desc`,
    values: [pipeline],
  })
}
