export interface DeliveriesOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where a partition without a stored offset begins. */
  readonly from: 'earliest' | 'latest'
  /** Gives the offset to read next, or null when none was stored: the truth, which the group's own commit is not. */
  readonly storedOffset: (topic: string, partition: number) => Promise<bigint | null>
  /** Ends the stream gently: no new delivery, those in flight end (8 s), the group is left, the stream completes. */
  readonly signal?: AbortSignal
  readonly hooks?: DeliveryHooks
  /**
   * A member that is silent for so long is expelled, ms; default 10,000. It is also how long the partitions of a killed
   * member stay unread.
   */
  readonly sessionTimeoutMs?: number
  /** Partitions in flight at once; default 8. */
  readonly partitionsInFlight?: number
  /** Bytes fetched per partition at once at most, a single larger record excepted; default 512 KiB. */
  readonly maxBytesPerPartition?: number
}

/** What a service may count; each is called synchronously and must not throw. */
export interface DeliveryHooks {
  /** After each (re)balance: what this member now reads. */
  readonly assigned?: (partitions: readonly { readonly topic: string; readonly partition: number }[]) => void
  /** A partition was set to where the store says: after each assignment and each `reposition()`. */
  readonly sought?: (seek: { readonly topic: string; readonly partition: number; readonly offset: bigint }) => void
  /** Records between the stored offset and `earliest` were deleted by the topic's retention before they were read. */
  readonly missed?: (gap: {
    readonly topic: string
    readonly partition: number
    readonly storedOffset: bigint
    readonly earliest: bigint
  }) => void
  /** The consumer stumbled and is being replaced. */
  readonly restarting?: (error: Error) => void
}
