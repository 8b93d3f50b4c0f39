import { OutflowError } from '@outflow/errors'

/** A failed attempt; `status` is the HTTP status, null without a response. Messages contain no URL and no body. */
export abstract class WebhookError extends OutflowError {
  constructor(
    message: string,
    readonly status: number | null = null,
    /** The receiver's Retry-After, ms; 0: none. */
    readonly retryAfterMs: number = 0,
  ) {
    super(message, { values: { status } })
  }
}

/**
 * A webhook's receiver did not accept the event, and may accept it later.
 * @fix Wait; if it lasts, `outflow webhooks test` prints the error.
 */
export class WebhookFailed extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_FAILED'
  override readonly retryable = true
}

/**
 * A webhook's receiver rejected this event.
 * @fix Read the receiver's log; `outflow webhooks resend` sends the event again.
 */
export class WebhookRefused extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_REFUSED'
}

/**
 * A webhook's host resolves to a private or loopback address, which outflow does not send to.
 * @fix List it under `allow` of the webhook, or correct its URL.
 */
export class WebhookAddressRefused extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_ADDRESS_REFUSED'
  override readonly retryable = true
}
