import type { AlertEvent, Webhook } from '@outflow/contracts'
import { postOf } from './messages.js'
import { type Answer, makePoster } from './post.js'

/**
 * Posts one event to a webhook, once, as the alerts service would.
 *
 * @throws {WebhookFailed | WebhookRefused | WebhookAddressRefused}
 */
export async function postOnce(webhook: Webhook, event: AlertEvent, signal: AbortSignal): Promise<Answer> {
  const poster = makePoster(webhook)
  try {
    const message = { eventId: event.id, payload: Buffer.from(JSON.stringify(event)), traceparent: null }
    return await poster.post(postOf(webhook, message, new Date()), signal)
  } finally {
    poster.close()
  }
}
