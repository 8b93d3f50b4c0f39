import {
  type AlertEvent,
  GROUP_EVENT_TYPE,
  type GroupEvent,
  HEALTH_EVENT_TYPE,
  type HealthEvent,
} from '@outflow/contracts'

/**
 * Returns an event without its large part, for a receiver that does not accept its size: an alert without its record, which remains at its
 * position in the source topic, and an alert about several anomalies without its examples. A health event has no large part.
 */
export function shortenedEvent(event: AlertEvent | GroupEvent | HealthEvent): AlertEvent | GroupEvent | HealthEvent {
  switch (event.type) {
    case HEALTH_EVENT_TYPE:
      return event
    case GROUP_EVENT_TYPE:
      return { ...event, data: { ...event.data, examples: [] } }
    default:
      return { ...event, data: { ...event.data, record: {} } }
  }
}
