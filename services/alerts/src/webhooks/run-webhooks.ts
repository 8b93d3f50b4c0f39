import { makePoster } from '@outflow/alerting/webhooks'
import type { Config } from '@outflow/contracts'
import type { WakeUp } from '@outflow/errors/retrying'
import { type Metrics, runTogether } from '@outflow/runtime'
import { keepLeading, type Leadership, type Pool } from '@outflow/store'
import { dueDeliveries, noteDelivered, noteFailedAttempt, waitingDeliveries } from '@outflow/store/webhooks'
import { deliveryWithReasons } from '../explaining/with-reasons.js'
import { deliverTo, makeBreaker } from './deliver.js'
import type { WebhookTelemetry } from './telemetry.js'

interface WebhooksOptions {
  readonly config: Config
  readonly pool: Pool
  readonly telemetry: WebhookTelemetry
  readonly metrics: Metrics
  /** For each webhook: woken when something may be due. */
  readonly wakeUps: readonly WakeUp[]
  readonly signal: AbortSignal
}

/**
 * Delivers the events that the relay has queued to the webhooks of a pipeline until the signal aborts. One of several instances is
 * active. It uses only Postgres, and neither waits for Kafka nor delays it.
 */
export async function runWebhooks(options: WebhooksOptions): Promise<void> {
  const { config, pool, telemetry, metrics, wakeUps, signal } = options
  const { pipeline } = config
  const { webhooks } = config.alerts
  if (webhooks.length === 0) return
  metrics.gaugeOf(
    'outflow_webhook_waiting',
    'Events that a webhook has not accepted yet; NaN while Postgres is unavailable',
    () => waitingDeliveries(pool, pipeline),
  )
  const receivers = webhooks.map((webhook, index) => ({
    webhook,
    wakeUp: wakeUps[index]!,
    poster: makePoster(webhook),
  }))
  type Receiver = (typeof receivers)[number]
  const deliver = ({ webhook, wakeUp, poster }: Receiver, progressed: () => void, until: AbortSignal): Promise<void> =>
    deliverTo({
      webhook,
      telemetry,
      breaker: makeBreaker((isOpen) => telemetry.circuitChanged(webhook.name, isOpen)),
      untilWoken: wakeUp.wait,
      signal: until,
      effects: {
        due: async (limit) => {
          const due = await dueDeliveries(pool, { pipeline, webhook: webhook.name, limit })
          progressed()
          return Promise.all(due.map((delivery) => deliveryWithReasons(pool, pipeline, delivery)))
        },
        noteDelivered: (id, status) => noteDelivered(pool, id, status),
        noteFailed: (id, attempt) => noteFailedAttempt(pool, id, attempt),
        post: poster.post,
      },
    })
  const lead = ({ signal: leading }: Leadership, progressed: () => void): Promise<void> =>
    runTogether(
      receivers.map((receiver) => (until: AbortSignal) => deliver(receiver, progressed, until)),
      leading,
    ).finally(telemetry.leadershipEnded)
  try {
    await keepLeading(pool, `outflow-webhooks-${pipeline}`, lead, { signal, onRetry: telemetry.interrupted })
  } finally {
    for (const { poster } of receivers) poster.close()
  }
}
