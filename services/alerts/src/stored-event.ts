import type { AlertEvent, GroupEvent, HealthEvent } from '@outflow/contracts'

/** Returns the event in a stored message; null: it is not JSON, because another program has changed it. It must not delay other messages. */
export function eventIn(payload: Buffer | null): AlertEvent | GroupEvent | HealthEvent | null {
  try {
    return JSON.parse(String(payload))
  } catch {
    return null
  }
}
