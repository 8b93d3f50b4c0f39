import type { Observable } from 'rxjs'
import type { Delivery } from './delivery.js'
import type { KafkaConnection } from './kafka.js'

export interface DeliveriesOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Where a partition without a stored offset begins. */
  readonly from: 'earliest' | 'latest'
  /** Gives the offset to read next, or null when none was stored: the truth, which the group's own commit is not. */
  readonly storedOffset: (topic: string, partition: number) => Promise<bigint | null>
  readonly hooks?: DeliveryHooks
  /** A member that is silent for so long is expelled, ms; default 30,000. */
  readonly sessionTimeoutMs?: number
  /** Partitions in flight at once; default 3. */
  readonly partitionsInFlight?: number
  /** Bytes fetched per partition at once at most; default 1 MiB. */
  readonly maxBytesPerPartition?: number
}

/** What a service may count; each is called synchronously and must not throw. */
export interface DeliveryHooks {
  /** After each (re)balance: what this member now reads. */
  readonly assigned?: (partitions: readonly { readonly topic: string; readonly partition: number }[]) => void
  /** The group's position was not the stored one, and the partition was moved there. */
  readonly sought?: (seek: { readonly topic: string; readonly partition: number; readonly offset: bigint }) => void
  /** The consumer stumbled and comes back by itself. */
  readonly restarting?: (error: Error) => void
}

/**
 * Gives the group's deliveries: cold, one at a time per partition, the next one fetched only when the one before has
 * ended. Each partition begins at its stored offset after every (re)assignment, wherever the group's own commit stands.
 * Unsubscribing lets deliveries in flight end (10 s), then leaves the group.
 *
 * Errors with {BrokerRefused} or {OffsetBeyondLog}, with what `storedOffset` threw if it is not retryable, or with what
 * a delivery failed with; a broker that is away is waited for.
 */
export function deliveries(kafka: KafkaConnection, options: DeliveriesOptions): Observable<Delivery> {
  throw new Error(`not built yet ${kafka} ${options}`)
}
