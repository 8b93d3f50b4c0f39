/** Next offset of a partition to read. */
export interface StoredPosition {
  readonly nextOffset: bigint
  /** The topic's id when the position was stored; null: the broker had none. */
  readonly topicId: string | null
}

/** Records that are not there any more, and were not read. */
export interface Gap {
  readonly topic: string
  readonly partition: number
  /** Deleted by the topic's retention, or with the topic, which has been created again since. */
  readonly kind: 'retention' | 'recreated'
  readonly stored: StoredPosition
  /** The first offset that is there, and the id of the topic that has it. */
  readonly next: StoredPosition
  /**
   * Offsets of the topic that were deleted unread. Transaction markers and compacted records had offsets too, so of such topics
   * it is an upper bound. What was unread of a topic that was deleted is not counted: it is unknown.
   */
  readonly missed: bigint
}

/** The positions of a pipeline: the truth, which the group's own commit is not. */
export interface PositionStore {
  /**
   * Whether each delivery moves the stored position before it is acknowledged; default: false. A stored position before that has lost
   * a write, and its partition is read from there.
   */
  readonly movesWithDeliveries?: boolean
  /** Returns the positions of a topic's partitions, by partition. */
  read(topic: string): Promise<ReadonlyMap<number, StoredPosition>>
  /** Stores where partitions begin, all at once; a partition that has a position keeps it, and gets a topic id where it has none. */
  begin(topic: string, starts: ReadonlyMap<number, StoredPosition>): Promise<void>
  /** Moves a position over a gap and counts the gap. @returns false where the position had been moved before */
  skip(gap: Gap): Promise<boolean>
}

/** For a reader that begins anew in each process. */
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
