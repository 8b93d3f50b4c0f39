import type { Gap, PositionStore } from './positions.js'

export interface DeliveriesOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where a topic without stored positions begins. Partitions that are added to it later begin at their first record. */
  readonly from: 'earliest' | 'latest'
  readonly positions: PositionStore
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
  /** A partition was set to the stored offset: after each assignment and each `reposition()`. */
  readonly sought?: (seek: { readonly topic: string; readonly partition: number; readonly offset: bigint }) => void
  /** Records were deleted before they were read; the position has been moved over the gap. */
  readonly missed?: (gap: Gap) => void
  /** The consumer stumbled and is being replaced. */
  readonly restarting?: (error: Error) => void
}
