import { OutflowError } from '@outflow/errors'

/** What was wrong with an attempt; `status` is HTTP's, null where there was no answer. Messages hold no URL and no body. */
abstract class WebhookError extends OutflowError {
  constructor(
    message: string,
    readonly status: number | null = null,
    /** How long the receiver asks to be left alone, ms. */
    readonly retryAfterMs: number = 0,
  ) {
    super(message, { values: { status } })
  }
}

/** The receiver did not take the event, and may take it later. */
export class WebhookFailed extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_FAILED'
  override readonly retryable = true
}

/** The receiver rejected this event. */
export class WebhookRefused extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_REFUSED'
}

/** The host's name leads to addresses that outflow does not send to. */
export class WebhookAddressRefused extends WebhookError {
  readonly code = 'OUTFLOW_WEBHOOK_ADDRESS_REFUSED'
  override readonly retryable = true
}

export type AttemptError = WebhookFailed | WebhookRefused | WebhookAddressRefused
