import { NoEarlierModel } from '../connection/errors.js'
import { type Client, type Pool, type Queryable, withTransaction } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { closeFitsOf } from '../training/fits.js'
import { activeModelId, earlierModelIds, loadModel, type ModelKey, type ModelState } from './models.js'

/** Who or what changes the active model, and why; stored in `outflow.model_changes`. */
interface Change {
  /** A person, `trainer` or `guard`. */
  readonly by: string
  readonly why: string
}

/**
 * Makes a model active and retires the previous one, in one transaction, and notifies `outflow_models`. A model
 * in any state may be promoted.
 *
 * @returns the id of the model that was active before
 * @throws {ModelUnknown}
 * @throws {ModelDamaged} if its bytes do not match their checksum; the active model stays
 */
export function promoteModel(
  pool: Pool,
  { pipeline, id, by, why }: ModelKey & Change,
): Promise<{ readonly previousId: string | null }> {
  return withTransaction(pool, async (client) => {
    await lockPromotion(client, pipeline)
    await loadModel(client, { pipeline, id })
    const previousId = await activeModelId(client, pipeline)
    await activate(client, { action: 'promote', pipeline, id, previousId, by, why })
    await closeFitsOf(client, { pipeline, id }, 'promoted')
    return { previousId }
  })
}

/**
 * Makes a model active after `open` has succeeded, so that a model that cannot be opened never scores.
 *
 * @param open  throws if the artefact cannot be opened; the result is closed
 * @returns like `promoteModel`
 * @throws {ModelUnknown | ModelDamaged} and the errors of `open`; the active model stays
 */
export async function promoteChecked(
  pool: Pool,
  promotion: ModelKey & Change,
  open: (artefact: Uint8Array) => Promise<{ close(): Promise<void> }>,
): Promise<{ readonly previousId: string | null }> {
  const { artefact } = await loadModel(pool, promotion)
  await (await open(artefact)).close()
  return promoteModel(pool, promotion)
}

/**
 * Rolls back to the model that was active before the current one, skipping damaged ones; the current one is marked as
 * rolled_back, so that no fit activates it again. In one transaction, and notifies `outflow_models`.
 *
 * @param options.from  rolls back only if this model is active, since another process may have rolled back already
 * @returns the ids of both; null if `from` is not active
 * @throws {NoEarlierModel} if there is none to roll back to; the active model stays
 */
export function rollBackModel(
  pool: Pool,
  { pipeline, from, by, why }: { readonly pipeline: string; readonly from?: string } & Change,
): Promise<{ readonly from: string; readonly to: string } | null> {
  return withTransaction(pool, async (client) => {
    await lockPromotion(client, pipeline)
    const previousId = await activeModelId(client, pipeline)
    if (from !== undefined && previousId !== from) return null
    const [earlierId] = await earlierModelIds(client, pipeline)
    if (previousId === null || earlierId === undefined) {
      throw new NoEarlierModel(
        `pipeline ${pipeline} has no earlier model to go back to; fit one by \`outflow retrain\``,
        { values: { pipeline } },
      )
    }
    await activate(client, { action: 'rollback', pipeline, id: earlierId, previousId, by, why })
    return { from: previousId, to: earlierId }
  })
}

/**
 * Serialises promotions: two at once would each activate a model and violate the unique index. It uses row locks, because any role that
 * may connect could hold an advisory lock.
 */
async function lockPromotion(client: Client, pipeline: string): Promise<void> {
  await run(client, {
    name: 'lock_promotion',
    text: `select from outflow.models where pipeline = $1 order by id for no key update`,
    values: [pipeline],
  })
}

/** Makes a model active, and stores the change unless it was active already. */
async function activate(client: Client, change: ModelKey & Omit<ModelChange, 'modelId' | 'at'>): Promise<void> {
  const { action, pipeline, id, previousId, by, why } = change
  const previousState: ModelState = action === 'rollback' ? 'rolled_back' : 'retired'
  await run(client, {
    name: 'deactivate_model',
    text: `update outflow.models set state = $3 where pipeline = $1 and state = 'active' and id <> $2`,
    values: [pipeline, id, previousState],
  })
  await run(client, {
    name: 'activate_model',
    text: `
      update outflow.models
      set state = 'active', promoted_at = case when state = 'active' then promoted_at else now() end
      where pipeline = $1 and id = $2
      returning pg_notify('outflow_models', $1)`,
    values: [pipeline, id],
  })
  if (previousId === id) return
  await run(client, {
    name: 'note_model_change',
    text: `
      insert into outflow.model_changes (pipeline, action, model_id, previous_id, made_by, why)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [pipeline, action, id, previousId, by, why],
  })
}

interface ModelChange extends Change {
  readonly action: 'promote' | 'rollback'
  /** The model that became active. */
  readonly modelId: string
  /** The model that was active before; null: there was none. */
  readonly previousId: string | null
  readonly at: Date
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
