import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** One entity of a partition. */
export interface StoredEntity {
  /** Path of the entity in the record, `key`: the message key, or `partition` */
  readonly by: string
  readonly entity: string
}

/** What an entity has done in its windows, as of the partition's stored offset. */
export interface StoredWindowState extends StoredEntity {
  readonly state: Uint8Array
}

/** Returns the states of some entities of a partition; one that is new has none. */
export async function loadWindowStates(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string; readonly partition: number },
  entities: readonly StoredEntity[],
): Promise<readonly StoredWindowState[]> {
  return await run<{ by: string; entity: string; state: Buffer }>(db, {
    name: 'load_window_states',
    text: `
      select entity_by as by, entity, state
      from outflow.window_states
      join unnest($4::text[], $5::text[]) as wanted (entity_by, entity) using (entity_by, entity)
      where pipeline = $1 and topic = $2 and partition = $3`,
    values: [at.pipeline, at.topic, at.partition, entities.map(({ by }) => by), entities.map(({ entity }) => entity)],
  })
}

/**
 * Deletes the states of entities that were not seen for as long as `keepMs` while their partition moved on; how long a
 * pipeline stood still does not count.
 */
export async function deleteIdleWindowStates(
  db: Queryable,
  { pipeline, keepMs, asOf }: { readonly pipeline: string; readonly keepMs: number; readonly asOf: Date },
): Promise<void> {
  await run(db, {
    name: 'delete_idle_window_states',
    text: `
      delete from outflow.window_states as idle
      using outflow.offsets as moved
      where idle.pipeline = $1 and moved.pipeline = idle.pipeline and moved.topic = idle.topic
        and moved.partition = idle.partition
        and idle.updated_at < least(moved.updated_at, $3::timestamptz) - make_interval(secs => $2::float8 / 1000)`,
    values: [pipeline, keepMs, asOf],
  })
}
