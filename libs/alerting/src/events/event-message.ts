import {
  ALERT_CONTENT_TYPE,
  ALERT_EVENT_TYPE,
  EXPLAINED_EVENT_TYPE,
  type ExplainedEvent,
  GROUP_EVENT_TYPE,
  HEALTH_EVENT_TYPE,
} from '@outflow/contracts'
import type { WebhookEvent } from '../webhooks/event-summary.js'

const KINDS = {
  [ALERT_EVENT_TYPE]: 'alert',
  [GROUP_EVENT_TYPE]: 'alert',
  [EXPLAINED_EVENT_TYPE]: 'explained',
  [HEALTH_EVENT_TYPE]: 'health_event',
} as const

/**
 * The message of an event, in the form that the outbox stores: keyed by the entity, or without one by the alert's id, so that later reasons
 * follow their alert in its partition; for a condition, by the pipeline.
 *
 * @param target.traceparent  W3C trace context of the record or condition; absent: none
 * @see CloudEvents 1.0.2, Kafka protocol binding, § 3.3: the content type is a header
 */
export function eventMessage(
  event: WebhookEvent | ExplainedEvent,
  { topic, traceparent }: { readonly topic: string; readonly traceparent?: string | undefined },
) {
  return {
    kind: KINDS[event.type],
    topic,
    key: Buffer.from(keyOf(event)),
    payload: Buffer.from(JSON.stringify(event)),
    headers: [
      ['content-type', ALERT_CONTENT_TYPE] as const,
      ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ],
  }
}

function keyOf(event: WebhookEvent | ExplainedEvent): string {
  if (event.type === HEALTH_EVENT_TYPE) return event.data.pipeline
  return event.data.key ?? (event.type === EXPLAINED_EVENT_TYPE ? event.data.alertId : event.id)
}
