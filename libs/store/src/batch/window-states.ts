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
      cross join unnest($5::text[], $6::text[]) as given (entity_by, entity)
      left join outflow.window_states as known using (pipeline, topic, partition, entity_by, entity)
      where stored.pipeline = $1 and stored.topic = $2 and stored.partition = $3 and stored.next_offset = $4`,
    values: [pipeline, topic, partition, nextOffset, ...arraysOf(entities, 'by', 'entity')],
  })
  if (rows.length === 0) throw new PositionMoved(at, nextOffset)
  return rows.flatMap(({ state, ...entity }) => (state === null ? [] : [{ ...entity, state }]))
}
