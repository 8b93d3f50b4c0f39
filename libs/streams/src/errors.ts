import { OutflowError } from '@outflow/errors'

/** The broker did not answer, or is electing, moving or rebalancing; the same act may succeed later. */
export class BrokerUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_UNAVAILABLE'
  override readonly retryable = true
}

/** The broker answered and said no: a topic that is not there, a permission, a message that is too large. */
export class BrokerRefused extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_REFUSED'
}

/** The stored offset lies beyond the end of the partition: the topic was deleted and made anew, or it is another broker. */
export class OffsetBeyondLog extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_OFFSET_BEYOND_LOG'
}

/** Another relay took over the transactional id; this one must stop. */
export class SenderFenced extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_SENDER_FENCED'
}
