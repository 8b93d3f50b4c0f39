import type { Pool } from '@outflow/store'
import { beginPartitions, skipMissed, storedPositions } from '@outflow/store/batch'
import type { PositionStore } from '@outflow/streams'

export function positionsOf(pool: Pool, pipeline: string): PositionStore {
  return {
    movesWithDeliveries: true,
    read: (topic) => storedPositions(pool, { pipeline, topic }),
    begin: (topic, starts) => beginPartitions(pool, { pipeline, topic }, starts),
    skip: (gap) => skipMissed(pool, { pipeline, ...gap }),
  }
}
