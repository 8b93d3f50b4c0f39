import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable, toOutflowError } from '@outflow/errors'
import { Observable } from 'rxjs'
import type { DeliveriesOptions } from './deliveries-options.js'
import type { Delivery } from './delivery.js'
import { toBrokerError } from './errors.js'
import { Fatal, GroupMember } from './group-member.js'
import type { KafkaConnection } from './kafka.js'

// A broker needs seconds to come back; a member that returns at once only adds rebalances.
const RESTART_MS = 1_000

/**
 * Returns the group's deliveries: cold, one at a time per partition; behind it at most one fetch is kept, and that only where the
 * partition goes on. Each partition begins at its stored offset after every (re)assignment, wherever the group's own commit stands.
 *
 * To stop gently, abort `options.signal` and wait for completion. Unsubscribing abandons what is in flight, unacknowledged.
 *
 * Errors with {BrokerRefused} or {OffsetBeyondLog}, with what `positions` threw if it is not retryable, or with what
 * a delivery failed with; a broker, a topic or a store that is away is waited for.
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

/** One consumer after another, until the signal, the subscriber or an error that does not pass ends it. */
async function consume(
  kafka: KafkaConnection,
  options: DeliveriesOptions,
  deliver: (delivery: Delivery) => void,
  abandon: AbortSignal,
): Promise<void> {
  const stop = options.signal ? AbortSignal.any([options.signal, abandon]) : abandon
  while (!stop.aborted) {
    try {
      await new GroupMember(kafka, options, { deliver, stop, abandon }).live()
    } catch (thrown: unknown) {
      if (thrown instanceof Fatal) throw thrown.error
      const error = toOutflowError(toBrokerError(thrown))
      if (!isRetryable(error)) throw error
      if (stop.aborted) return
      options.hooks?.restarting?.(error)
      await sleep(RESTART_MS, undefined, { signal: stop }).catch(() => {})
    }
  }
}
