import { isRetryable, toOutflowError } from '@outflow/errors'
import { backoffMs, pause } from '@outflow/errors/retrying'
import { Observable } from 'rxjs'
import type { KafkaConnection } from '../connection/kafka.js'
import { TopicUnknown, toBrokerError } from '../errors.js'
import type { DeliveriesOptions } from './deliveries-options.js'
import type { Delivery } from './delivery.js'
import { Fatal, GroupMember } from './group-member.js'

// A broker needs seconds to restart; a member that rejoins at once only adds rebalances.
const RESTART_MS = 1_000
// Somebody has to create the topic or to correct its name.
const TOPIC_BACKOFF = { firstMs: RESTART_MS, maxMs: 60_000 }

/**
 * Returns the group's deliveries, as a cold stream, one at a time per partition. While a delivery is in flight, at most the next fetch is
 * buffered, and only if the partition has more records. After every (re)assignment each partition begins at its stored offset,
 * regardless of the group's committed offset.
 *
 * To stop after a drain, abort `options.signal` and wait for completion. Unsubscribing abandons the deliveries in flight.
 *
 * Errors with {BrokerRefused} or {OffsetBeyondLog}, with an error of `positions` that is not retryable, or with the error passed to
 * `fail` of a delivery; it waits for a broker, a topic or a store that is not available.
 */
export function deliveries(kafka: KafkaConnection, options: DeliveriesOptions): Observable<Delivery> {
  return new Observable((subscriber) => {
    const abandon = new AbortController()
    consume(kafka, options, (delivery) => subscriber.next(delivery), abandon.signal).then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    )
    return () => abandon.abort()
  })
}

/** Runs one consumer after another, until the signal, the subscriber or an error that is not retryable ends it. */
async function consume(
  kafka: KafkaConnection,
  options: DeliveriesOptions,
  deliver: (delivery: Delivery) => void,
  abandon: AbortSignal,
): Promise<void> {
  const stop = options.signal ? AbortSignal.any([options.signal, abandon]) : abandon
  let attemptsWithoutTopic = 0
  while (!stop.aborted) {
    try {
      await new GroupMember(kafka, options, { deliver, stop, abandon }).run()
    } catch (thrown: unknown) {
      if (thrown instanceof Fatal) throw thrown.error
      const error = toOutflowError(toBrokerError(thrown, options))
      if (!isRetryable(error)) throw error
      if (stop.aborted) return
      options.hooks?.restarting?.(error)
      attemptsWithoutTopic = error instanceof TopicUnknown ? attemptsWithoutTopic + 1 : 0
      await pause(attemptsWithoutTopic === 0 ? RESTART_MS : backoffMs(attemptsWithoutTopic, TOPIC_BACKOFF), stop)
    }
  }
}
