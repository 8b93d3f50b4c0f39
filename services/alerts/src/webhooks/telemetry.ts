import type { OutflowError } from '@outflow/errors'
import { isPowerOfTwo } from '@outflow/errors/retrying'
import type { Log, Metrics } from '@outflow/runtime'

/** Log events and metrics of webhook deliveries. They contain webhook names but no URLs, since a URL may be a secret. */
export type WebhookTelemetry = ReturnType<typeof makeWebhookTelemetry>

interface FailedDelivery {
  readonly eventId: string
  readonly attempt: number
  readonly waitMs: number
  readonly error: OutflowError
}

const ATTEMPT_SECONDS_BOUNDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function makeWebhookTelemetry(log: Log, metrics: Metrics, webhooks: readonly string[]) {
  const outcomes = metrics.counter(
    'outflow_webhook_attempts_total',
    'Attempts to deliver an event by outcome: delivered, failed (it is retried) or dead (it is given up)',
    ['webhook', 'outcome'],
  )
  const seconds = metrics.histogram(
    'outflow_webhook_attempt_seconds',
    'Time from the request to the response',
    ATTEMPT_SECONDS_BOUNDS,
    ['webhook'],
  )
  const open = metrics.gauge('outflow_webhook_circuit_open', '1 while the circuit breaker of a webhook is open', [
    'webhook',
  ])
  const closeCircuits = () => {
    for (const webhook of webhooks) open.set({ webhook }, 0)
  }
  closeCircuits()
  for (const webhook of webhooks) {
    for (const outcome of ['delivered', 'failed', 'dead']) outcomes.inc({ webhook, outcome }, 0)
  }
  return {
    attempted: (webhook: string, tookMs: number) => seconds.observe({ webhook }, tookMs / 1_000),
    delivered: (webhook: string) => outcomes.inc({ webhook, outcome: 'delivered' }),
    failed: (webhook: string, failure: FailedDelivery) => {
      outcomes.inc({ webhook, outcome: 'failed' })
      log.warn({ webhook, ...failure }, 'webhook delivery failed')
    },
    givenUp: (webhook: string, eventId: string, error: OutflowError) => {
      outcomes.inc({ webhook, outcome: 'dead' })
      log.error({ webhook, eventId, error }, 'webhook delivery given up')
    },
    orphaned: (count: number) => log.warn({ count }, 'webhook deliveries orphaned'),
    circuitChanged: (webhook: string, isOpen: boolean) => {
      open.set({ webhook }, isOpen ? 1 : 0)
      if (isOpen) log.warn({ webhook }, 'webhook circuit opened')
      else log.info({ webhook }, 'webhook circuit closed')
    },
    leadershipEnded: closeCircuits,
    interrupted: (error: OutflowError, attempt: number, waitMs: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'webhooks interrupted')
    },
  }
}
