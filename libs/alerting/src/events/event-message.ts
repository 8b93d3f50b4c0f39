import {
  ALERT_CONTENT_TYPE,
  type AlertEvent,
  type ExplainedEvent,
  type GroupEvent,
  type HealthEvent,
} from '@outflow/contracts'

/** A Kafka message with an event, in the form that the outbox stores. */
interface EventMessage {
  readonly kind: 'alert' | 'explained' | 'health_event'
  readonly topic: string
  readonly key: Uint8Array | null
  readonly payload: Uint8Array
  readonly headers: readonly (readonly [name: string, value: string])[]
}

interface EventTarget {
  readonly topic: string
  /** W3C trace context of the record or condition; absent: none. */
  readonly traceparent?: string | undefined
}

/** The message of one alert or of a group, keyed by the entity. */
export function alertMessage(event: AlertEvent | GroupEvent, target: EventTarget): EventMessage {
  return messageOf('alert', event, event.data.key, target)
}

/** The message of reasons that follow their alert; keyed by the entity, so that it comes after the alert. */
export function explainedMessage(event: ExplainedEvent, target: EventTarget): EventMessage {
  return messageOf('explained', event, event.data.key, target)
}

/** The message of a pipeline condition, keyed by the pipeline so that its messages stay in order. */
export function healthEventMessage(event: HealthEvent, target: EventTarget): EventMessage {
  return messageOf('health_event', event, event.data.pipeline, target)
}

/** @see CloudEvents 1.0.2, Kafka protocol binding, § 3.3: the content type is a header */
function messageOf(
  kind: EventMessage['kind'],
  event: object,
  key: string | null,
  { topic, traceparent }: EventTarget,
): EventMessage {
  return {
    kind,
    topic,
    key: key === null ? null : Buffer.from(key),
    payload: Buffer.from(JSON.stringify(event)),
    headers: [
      ['content-type', ALERT_CONTENT_TYPE],
      ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ],
  }
}
