import type { Gap, StoredPosition } from '@outflow/contracts'

/** The stored positions of a pipeline, which take precedence over the group's committed offsets. */
export interface PositionStore {
  /**
   * Whether each delivery moves the stored position before it is acknowledged; default: false. If so, a stored position that is before
   * the acknowledged one has lost a write, and its partition is read from there.
   */
  readonly movesWithDeliveries?: boolean
  /** Returns the positions of a topic's partitions, by partition. */
  read(topic: string): Promise<ReadonlyMap<number, StoredPosition>>
  /** Stores where partitions begin, all at once; a partition that has a position keeps it, and gets a topic id if it has none. */
  begin(topic: string, starts: ReadonlyMap<number, StoredPosition>): Promise<void>
  /** Moves a position over a gap and counts the gap. @returns false if the position had already been moved */
  skip(gap: Gap): Promise<boolean>
}

/** For a reader that starts from the beginning in each process. */
export function positionsInMemory(): PositionStore {
  const topics = new Map<string, ReadonlyMap<number, StoredPosition>>()
  const of = (topic: string) => topics.get(topic) ?? new Map<number, StoredPosition>()
  return {
    read: async (topic) => of(topic),
    begin: async (topic, starts) => {
      const merged = [...starts].map(([partition, start]) => {
        const { nextOffset, topicId } = of(topic).get(partition) ?? start
        return [partition, { nextOffset, topicId: topicId ?? start.topicId }] as const
      })
      topics.set(topic, new Map([...of(topic), ...merged]))
    },
    skip: async ({ topic, partition, next }) => {
      topics.set(topic, new Map([...of(topic), [partition, next]]))
      return true
    },
  }
}
