import { GROUP_EVENT_TYPE, HEALTH_EVENT_TYPE } from '@outflow/contracts'
import type { WebhookEvent } from '../webhooks/event-summary.js'

/**
 * Returns an event without its large part, for a receiver that does not accept its size: an alert without its record, which remains at its
 * position in the source topic, and an alert about several anomalies without its examples. A health event has no large part.
 */
export function shortenedEvent(event: WebhookEvent): WebhookEvent {
  switch (event.type) {
    case HEALTH_EVENT_TYPE:
      return event
    case GROUP_EVENT_TYPE:
      return { ...event, data: { ...event.data, examples: [] } }
    default:
      return { ...event, data: { ...event.data, record: {} } }
  }
}
