import { makeWakeUp, untilAllAnswer } from '@outflow/errors/retrying'
import { runTogether, type ServiceOptions } from '@outflow/runtime'
import { isLed, keepLeading, type Leadership, type Listener, listen, openPool, writableCheck } from '@outflow/store'
import { healthEventsCheck } from '@outflow/store/health-events'
import { outboxDepth } from '@outflow/store/outbox'
import { deadLetterUnconfigured } from '@outflow/store/webhooks'
import { makeKafka, makeKafkaCheck } from '@outflow/streams'
import { runExplainer } from './explaining/run-explainer.js'
import { makeHealthWatch } from './health-events/health-watch.js'
import { noOversized } from './relay.js'
import { relayOutbox } from './relay-outbox.js'
import { makeTelemetry } from './telemetry.js'
import { runWebhooks } from './webhooks/run-webhooks.js'
import { makeWebhookTelemetry } from './webhooks/telemetry.js'

/**
 * Relays the outbox to Kafka until the signal aborts: alerts to the alerts topic, dead letters to the dead-letter topic, each exactly
 * once for consumers of committed data, in the commit order of each partition; explains anomalies; delivers to webhooks; and checks the pipeline's health.
 * One of several relays is active; another takes over when it stops. It retries while the store or a broker is not available.
 *
 * @throws {OutflowError} only if Postgres or Kafka rejects the login or the certificate at the start; every other error is logged and
 *   retried
 */
export async function runAlerts({ config, log, signal, vitals }: ServiceOptions): Promise<void> {
  const { pipeline } = config
  const { url } = config.postgres
  const webhooks = config.alerts.webhooks.map(({ name }) => name)
  const telemetry = makeTelemetry(log, vitals.metrics)
  const webhookTelemetry = makeWebhookTelemetry(log, vitals.metrics, webhooks)
  const pool = openPool(url, { applicationName: 'outflow-alerts', onError: telemetry.storeConnectionLost })
  const kafka = makeKafka({ ...config.kafka, log })
  const kafkaCheck = makeKafkaCheck(config.kafka)
  const [relaying, explaining] = [makeWakeUp(), makeWakeUp()]
  const delivering = webhooks.map(makeWakeUp)
  vitals.metrics.gaugeOf(
    'outflow_outbox_rows',
    'Messages that have not been sent yet; NaN while Postgres is unavailable',
    () => outboxDepth(pool, pipeline),
  )
  const relayLeadership = `outflow-relay-${pipeline}`
  const checks = [
    vitals.check('alerts', 'postgres', () => writableCheck(pool)),
    vitals.check('alerts', 'kafka', kafkaCheck),
    vitals.check('alerts', 'leader', async () => {
      const ok = await isLed(pool, relayLeadership)
      return { ok, detail: ok ? 'a relay leads' : 'no relay leads: no alert is sent' }
    }),
    vitals.check('alerts', 'healthEvents', () => healthEventsCheck(pool, { pipeline })),
  ]
  telemetry.alertsStarted()
  const oversized = noOversized()
  const watchHealth = makeHealthWatch({ config, pool, kafka, telemetry })
  const lead = async (leadership: Leadership, onProgress: () => void): Promise<void> => {
    const orphaned = await deadLetterUnconfigured(pool, pipeline, webhooks)
    if (orphaned > 0) webhookTelemetry.orphaned(orphaned)
    const deps = { config, kafka, telemetry, oversized, untilWoken: relaying.wait, onProgress }
    const relay = (until: AbortSignal) => relayOutbox({ ...deps, leadership: { ...leadership, signal: until } })
    await runTogether([relay, watchHealth], leadership.signal).finally(() => telemetry.openHealthEvents([]))
  }
  let outbox: Listener | undefined
  try {
    await untilAllAnswer([() => writableCheck(pool), kafkaCheck], { signal, onRetry: telemetry.startDelayed })
    if (signal.aborted) return
    outbox = listen({
      url,
      pipeline,
      checks: {
        outflow_outbox: relaying.wake,
        outflow_anomalies: explaining.wake,
        outflow_webhooks: () => {
          for (const { wake } of delivering) wake()
        },
      },
      onError: telemetry.storeConnectionLost,
    })
    await Promise.all([
      keepLeading(pool, relayLeadership, lead, { signal, onRetry: telemetry.relayInterrupted }),
      runExplainer({ config, pool, telemetry, metrics: vitals.metrics, untilWoken: explaining.wait, signal }),
      runWebhooks({ config, pool, telemetry: webhookTelemetry, metrics: vitals.metrics, wakeUps: delivering, signal }),
    ])
  } finally {
    for (const remove of checks) remove()
    await outbox?.close()
    await pool.end()
  }
}
