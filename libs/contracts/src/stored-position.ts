/** Next offset of a partition to read. */
export interface StoredPosition {
  readonly nextOffset: bigint
  /** The topic's id when the position was stored; null: the broker had none. */
  readonly topicId: string | null
}

/** Records that were deleted before they were read. */
export interface Gap {
  readonly topic: string
  readonly partition: number
  /** Deleted by the topic's retention, or together with the topic, which has been recreated since. */
  readonly kind: 'retention' | 'recreated'
  readonly stored: StoredPosition
  /** The first existing offset, and the id of its topic. */
  readonly next: StoredPosition
  /**
   * Number of offsets deleted unread. Transaction markers and compacted records have offsets too, so for such topics it is an
   * upper bound. Unread records of a deleted topic are not included, because their number is unknown.
   */
  readonly missed: bigint
}
