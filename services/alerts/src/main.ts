import type { Config } from '@outflow/contracts'
import { inSpan, keepTrying, type Log, makeWakeUp, openTracing, untilAllAnswer, type Vitals } from '@outflow/runtime'
import { type Client, isLed, type Leadership, openPool, type Pool, postgresCheck, withLeadership } from '@outflow/store'
import { healthEventsCheck } from '@outflow/store/health-events'
import {
  databaseId,
  deleteOutboxThrough,
  firstOfOutbox,
  hasAlertControl,
  listenForOutbox,
  type OutboxRow,
  outboxDepth,
  requireOutboxNumbered,
  takeOutbox,
  untilOnDisk,
} from '@outflow/store/outbox'
import {
  type KafkaConnection,
  kafkaCheck,
  makeKafka,
  makeTransactionalSender,
  readMark,
  traceparents,
} from '@outflow/streams'
import { type AlertControlDeps, controlAlerts, controlsAlerts } from './control-alerts.js'
import { runExplainer } from './explaining/run-explainer.js'
import { makeExplainerTelemetry } from './explaining/telemetry.js'
import { REASONS_WAIT_MS, withReasons } from './explaining/with-reasons.js'
import { watchHealth } from './health-events/health-watch.js'
import { ensureOutputTopics } from './output-topics.js'
import {
  type Caution,
  catchUp,
  firstThatFit,
  MAX_BATCH_BYTES,
  makeCaution,
  type RelayEffects,
  relayOnce,
} from './relay.js'
import { type AlertsTelemetry, makeTelemetry } from './telemetry.js'
import { handOversOf } from './webhooks/hand-over.js'
import { runWebhooks } from './webhooks/run-webhooks.js'
import { makeWebhookTelemetry } from './webhooks/telemetry.js'

interface AlertsOptions {
  readonly config: Config
  readonly log: Log
  /** When it aborts, the transaction under way ends and no other is begun. */
  readonly signal: AbortSignal
  /** The process's; whoever made them serves them. */
  readonly vitals: Vitals
}

/**
 * Relays the outbox to Kafka until the signal aborts: alerts to the alerts topic, dead letters to theirs, each exactly
 * once for readers of committed data, in the order in which they were committed; explains anomalies; delivers to webhooks; and looks after the pipeline.
 * Of several relays one works; another takes over when it is gone. A store or a broker that is away is waited for.
 *
 * @throws {OutflowError} only when Postgres or Kafka refuse the login or the certificate at the start: whatever else fails is logged and
 *   retried
 */
export async function runAlerts({ config, log, signal, vitals }: AlertsOptions): Promise<void> {
  const { pipeline } = config
  const { url } = config.postgres
  const telemetry = makeTelemetry(log, vitals.metrics)
  const pool = openPool(url, { applicationName: 'outflow-alerts', onError: telemetry.storeConnectionLost })
  const kafka = makeKafka({ ...config.kafka, log })
  const [relaying, explaining] = [makeWakeUp(), makeWakeUp()]
  const outbox = listenForOutbox({
    url,
    pipeline,
    onWork: () => {
      // Each anomaly is written with its alert.
      explaining.wake()
      relaying.wake()
    },
    onError: telemetry.storeConnectionLost,
  })
  vitals.metrics.gaugeOf(
    'outflow_outbox_rows',
    'Messages that are not sent yet; NaN while Postgres is unavailable',
    async () => {
      const { rows } = await outboxDepth(pool, pipeline)
      return rows
    },
  )
  const relayLeadership = `outflow-relay-${pipeline}`
  const checks = [
    vitals.check('alerts', 'postgres', () => postgresCheck(pool)),
    vitals.check('alerts', 'kafka', () => kafkaCheck(kafka)),
    vitals.check('alerts', 'leader', async () => {
      const ok = await isLed(pool, relayLeadership)
      return { ok, detail: ok ? 'a relay leads' : 'no relay leads: no alert is sent' }
    }),
    vitals.check('alerts', 'healthEvents', () => healthEventsCheck(pool, { pipeline })),
  ]
  telemetry.alertsStarted()
  const caution = makeCaution()
  const lead = (leadership: Leadership, onProgress: () => void): Promise<void> =>
    relay({ config, kafka, pool, telemetry, leadership, caution, untilWoken: relaying.wait, onProgress })
  const names = config.alerts.webhooks.map(({ name }) => name)
  try {
    await untilAllAnswer([() => postgresCheck(pool), () => kafkaCheck(kafka)], {
      signal,
      onRetry: telemetry.relayInterrupted,
    })
    await Promise.all([
      keepTrying(
        (progressed) => withLeadership(pool, relayLeadership, (leadership) => lead(leadership, progressed), { signal }),
        { signal, onRetry: telemetry.relayInterrupted },
      ),
      runExplainer({
        config,
        pool,
        telemetry: makeExplainerTelemetry(log, vitals.metrics, telemetry),
        metrics: vitals.metrics,
        untilWoken: explaining.wait,
        signal,
      }),
      runWebhooks({
        config,
        pool,
        telemetry: makeWebhookTelemetry(log, vitals.metrics, names),
        metrics: vitals.metrics,
        onConnectionLost: telemetry.storeConnectionLost,
        signal,
      }),
    ])
  } finally {
    for (const remove of checks) remove()
    await outbox.close()
    await pool.end()
  }
}

interface RelayDeps {
  readonly config: Config
  readonly kafka: KafkaConnection
  readonly pool: Pool
  readonly telemetry: AlertsTelemetry
  readonly leadership: Leadership
  readonly caution: Caution
  /** Resolves when there may be work, or the signal aborts. */
  readonly untilWoken: (signal: AbortSignal) => Promise<void>
  /** Called after each round that succeeded. */
  readonly onProgress: () => void
}

/** One leadership: take the transactional id over, catch up, then send until the lock, the broker or the service goes. */
async function relay({
  config,
  kafka,
  pool,
  telemetry,
  leadership,
  caution,
  untilWoken,
  onProgress,
}: RelayDeps): Promise<void> {
  const { pipeline } = config
  const { client, signal } = leadership
  const created = await ensureOutputTopics(kafka, config)
  if (created.length > 0) telemetry.topicsCreated(created)
  // With a new database and an old broker, the relay neither inherits the old mark nor fences the old sender.
  const relayId = `outflow-relay-${pipeline}-${await databaseId(client)}`
  const mark = { groupId: relayId, topic: config.alerts.topic, partition: 0 }
  const sender = await makeTransactionalSender(kafka, { transactionalId: relayId, mark })
  const deps = { client, config, telemetry }
  const tracing = await openTracing('alerts')
  const effects: RelayEffects = {
    readMark: async () => {
      const sent = await readMark(kafka, mark)
      if (sent !== null) await requireOutboxNumbered(client, pipeline, sent)
      return sent
    },
    send: (messages, through) =>
      inSpan(
        tracing,
        'send outbox',
        () => ({
          kind: 'PRODUCER',
          attributes: {
            'messaging.system': 'kafka',
            'messaging.operation.name': 'send',
            'messaging.operation.type': 'send',
            'messaging.batch.message_count': messages.length,
            'outflow.pipeline': pipeline,
          },
          causes: traceparents(messages),
        }),
        () => sender.send(messages, through, () => untilOnDisk(client)),
      ),
    take: async (limit) => {
      const rows = await withReasons(client, pipeline, await takeRows(deps, limit))
      return firstThatFit(rows, MAX_BATCH_BYTES)
    },
    settle: (sent) => settle(client, config, sent),
  }
  const stopped = new AbortController()
  const watching = watchHealth({ config, pool, kafka, telemetry }, AbortSignal.any([signal, stopped.signal]))
  try {
    telemetry.leadershipTaken(await catchUp(effects))
    while (!signal.aborted) {
      const sent = await relayOnce(effects, telemetry, caution)
      onProgress()
      if (sent.length === 0) await untilWoken(signal)
    }
  } finally {
    stopped.abort()
    await watching
    await sender.close()
    await tracing?.close()
  }
}

async function takeRows(deps: AlertControlDeps, limit: number): Promise<readonly OutboxRow[]> {
  const { client, config } = deps
  const { pipeline } = config
  const options = { pipeline, limit, maxBytes: MAX_BATCH_BYTES }
  if (!controlsAlerts(config)) {
    const rows = await takeOutbox(client, { ...options, reasonsWaitMs: REASONS_WAIT_MS })
    // Whether rules hold alerts back is asked only where there are none to send: an alert that is sent singly does not wait for that.
    if (rows.length > 0 || !(await hasAlertControl(client, pipeline))) return rows
  }
  await controlAlerts(deps)
  return firstOfOutbox(client, options)
}

/** Deletes rows that were sent, and in the same transaction queues what is for webhooks among them. */
async function settle(client: Client, { pipeline, alerts }: Config, sent: readonly OutboxRow[]): Promise<void> {
  const handOvers = sent.flatMap((row) => handOversOf(row, alerts.webhooks))
  await deleteOutboxThrough(client, pipeline, sent.at(-1)!.sequence, handOvers)
}
