import type { EntityName, EntityState } from '@outflow/contracts'
import { PositionMoved } from '../connection/errors.js'
import type { Queryable } from '../connection/pool.js'
import { arraysOf, run } from '../connection/statement.js'
import type { PartitionAt } from './offsets.js'

/**
 * Returns the states of some entities of a partition as of a stored offset; one that is new has none.
 *
 * @throws {PositionMoved} if another offset is stored
 */
export async function loadWindowStates(
  db: Queryable,
  at: PartitionAt,
  entities: readonly EntityName[],
): Promise<readonly EntityState[]> {
  if (entities.length === 0) return []
  const { pipeline, topic, partition, nextOffset } = at
  const rows = await run<{ by: string; entity: string; state: Buffer | null }>(db, {
    name: 'load_window_states',
    text: `
      select entity_by as by, entity, known.state
      from outflow.offsets as stored
      cross join unnest($5::text[], $6::text[]) as wanted (entity_by, entity)
      left join outflow.window_states as known using (pipeline, topic, partition, entity_by, entity)
      where stored.pipeline = $1 and stored.topic = $2 and stored.partition = $3 and stored.next_offset = $4`,
    values: [pipeline, topic, partition, nextOffset, ...arraysOf(entities, 'by', 'entity')],
  })
  if (rows.length === 0) throw new PositionMoved(at, nextOffset)
  return rows.flatMap(({ state, ...entity }) => (state === null ? [] : [{ ...entity, state }]))
}

/**
 * Deletes the states of entities that were not seen for `keepMs` while their partition advanced; time in which the
 * pipeline was stopped does not count. Partitions of other topics than `topics` never advance again: there all time counts.
 */
export async function deleteIdleWindowStates(
  db: Queryable,
  {
    pipeline,
    topics,
    keepMs,
    asOf,
  }: { readonly pipeline: string; readonly topics: readonly string[]; readonly keepMs: number; readonly asOf: Date },
): Promise<void> {
  await run(db, {
    name: 'delete_idle_window_states',
    text: `
      delete from outflow.window_states as idle
      using outflow.offsets as moved
      where idle.pipeline = $1 and moved.pipeline = idle.pipeline and moved.topic = idle.topic
        and moved.partition = idle.partition
        and idle.updated_at < least(case when idle.topic = any($4::text[]) then moved.updated_at end, $3::timestamptz)
                              - make_interval(secs => $2::float8 / 1000)`,
    values: [pipeline, keepMs, asOf, topics],
  })
}
