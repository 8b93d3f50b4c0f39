import type { Config } from '@outflow/contracts'
import { pause } from '@outflow/errors/retrying'
import { inSpan, openTracing } from '@outflow/runtime'
import type { Leadership } from '@outflow/store'
import {
  databaseId,
  deleteOutboxThrough,
  hasAlertControl,
  type OutboxRow,
  requireOutboxNumbered,
  takeOutbox,
  untilOnDisk,
} from '@outflow/store/outbox'
import { type KafkaConnection, makeTransactionalSender, readMark, traceparents } from '@outflow/streams'
import { type AlertControlDeps, controlAlerts } from './control-alerts.js'
import { REASONS_WAIT_MS, withReasons } from './explaining/with-reasons.js'
import { ensureOutputTopics, outputTopicOf } from './output-topics.js'
import { catchUp, MAX_BATCH_BYTES, MAX_ROWS, type Oversized, type RelayEffects, relayOnce, restMs } from './relay.js'
import type { AlertsTelemetry } from './telemetry.js'
import { handOversOf } from './webhooks/hand-over.js'

interface RelayDeps {
  readonly config: Config
  readonly kafka: KafkaConnection
  readonly telemetry: AlertsTelemetry
  readonly leadership: Leadership
  readonly oversized: Oversized
  /** Resolves when there may be work, or the signal aborts. */
  readonly untilWoken: (signal: AbortSignal) => Promise<void>
  /** Called after each successful round. */
  readonly onProgress: () => void
}

/** Runs one leadership: takes over the transactional id, catches up, then sends until the lock or the broker is lost or the service stops. */
export async function relayOutbox(relay: RelayDeps): Promise<void> {
  const { config, kafka, telemetry, oversized, untilWoken, onProgress } = relay
  const { pipeline } = config
  const { client, signal } = relay.leadership
  const created = await ensureOutputTopics(kafka, config)
  if (created.length > 0) telemetry.topicsCreated(created)
  // With the database's id, a new database used with an old broker neither reads the old mark nor fences the old sender.
  const relayId = `outflow-relay-${pipeline}-${await databaseId(client)}`
  const mark = { groupId: relayId, topic: config.alerts.topic, partition: 0 }
  const sender = await makeTransactionalSender(kafka, { transactionalId: relayId, mark })
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
    take: async () => {
      const rows = await withReasons(client, pipeline, await takeRows(relay))
      return rows.map((row) => ({ ...row, topic: outputTopicOf(row, config) }))
    },
    settle: async (done) => {
      const handOvers = done.flatMap((row) => handOversOf(row, config.alerts.webhooks))
      await deleteOutboxThrough(client, pipeline, done.at(-1)!.sequence, handOvers)
    },
  }
  try {
    telemetry.leadershipTaken(await catchUp(effects))
    while (!signal.aborted) {
      const relayed = await relayOnce(effects, telemetry, oversized)
      onProgress()
      if (relayed === 0) await untilWoken(signal)
      else await pause(restMs(relayed), signal)
    }
  } finally {
    await sender.close()
    await tracing?.close()
  }
}

async function takeRows(deps: AlertControlDeps): Promise<readonly OutboxRow[]> {
  const { config } = deps
  const { client } = deps.leadership
  const { pipeline } = config
  const { grouping, cooldown, quietHours } = config.alerts
  if ((grouping ?? cooldown ?? quietHours) === undefined) {
    const limits = { pipeline, limit: MAX_ROWS, maxBytes: MAX_BATCH_BYTES, reasonsWaitMs: REASONS_WAIT_MS }
    const rows = await takeOutbox(client, limits)
    // A stored rule or an open bucket may require control, too. That is checked only if there is nothing to send, so that no alert waits for it.
    if (rows.length > 0 || !(await hasAlertControl(client, limits))) return rows
  }
  return controlAlerts(deps)
}
