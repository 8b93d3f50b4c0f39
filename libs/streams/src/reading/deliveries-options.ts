import type { Gap } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import type { PositionStore } from './positions.js'

export interface DeliveriesOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where reading of a topic without stored positions begins. Partitions added later begin at their first record. */
  readonly from: 'earliest' | 'latest'
  readonly positions: PositionStore
  /** Stops the stream after a drain: no new delivery starts, those in flight end (8 s), the member leaves the group, the stream completes. */
  readonly signal?: AbortSignal
  readonly hooks?: DeliveryHooks
  /** Most bytes fetched per partition at once, except for a single larger record; default 512 KiB. */
  readonly maxBytesPerPartition?: number
}

/** Callbacks for a service's telemetry; each is called synchronously and must not throw. */
export interface DeliveryHooks {
  /** Called after each (re)balance with the partitions that this member now reads. */
  readonly assigned?: (partitions: readonly { readonly topic: string; readonly partition: number }[]) => void
  /** Partitions of one topic were set to their stored offsets: after each assignment and each `reposition()`. */
  readonly sought?: (
    seeks: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
  ) => void
  /** Records were deleted before they were read; the position has been moved over the gap. */
  readonly missed?: (gap: Gap) => void
  /** The consumer failed with a retryable error and is being replaced. */
  readonly restarting?: (error: OutflowError) => void
}
