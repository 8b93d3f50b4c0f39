import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { exampleEvent } from '@outflow/alerting'
import { type Config, parseConfig } from '@outflow/contracts'
import { makeLog } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import type { OutboxMessage } from '@outflow/store/outbox'
import { onTestFinished } from 'vitest'
import { aConfigFile } from './config-file.js'
import { documentWith } from './config-with.js'
import { eventually } from './eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from './infrastructure.js'
import { startRelay } from './relay.js'
import { type AnswerTo, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.js'

export const SECRET = `whsec_${randomBytes(32).toString('base64')}`
/** Lets a webhook connect to a receiver of the test. */
export const OURS = { allow: ['127.0.0.1'] }

/** Of the last pipeline that `aPipelineWith` made. */
export let pool: Pool
export let config: Config

/** A pipeline with these webhooks; returns the path of its configuration. */
export async function aPipelineWith(webhooks: readonly object[], alerts: object = {}): Promise<string> {
  const document = documentWith({
    pipeline: aName('hooked'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aDatabase() },
    source: { topics: [await aTopic()] },
    features: [{ path: '$.load', type: 'numeric' }],
    alerts: { topic: await aTopic(), webhooks, ...alerts },
    deadLetters: { topic: await aTopic() },
    events: { topic: await aTopic() },
    http: { ports: { alerts: 0 } },
    log: { level: 'debug' },
  })
  config = parseConfig(document, {})
  pool = openPool(config.postgres.url)
  onTestFinished(() => pool.end())
  return aConfigFile(document)
}

export async function aReceiver(answer?: AnswerTo): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(answer)
  onTestFinished(receiver.close)
  return receiver
}

/** Runs the alerts service in this process; returns its metrics and log. */
export function relaying() {
  const destination = new PassThrough()
  const lines: string[] = []
  destination.on('data', (chunk: Buffer) => lines.push(String(chunk)))
  const log = makeLog({ service: 'alerts', level: 'debug', destination })
  const { vitals, stop } = startRelay(config, log)
  onTestFinished(stop)
  return { vitals, said: () => lines.join('') }
}

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Writes messages to the outbox; alerts are events with these ids and one trace. */
export async function queue(ids: readonly string[], kind: OutboxMessage['kind'] = 'alert'): Promise<void> {
  const events = ids.map((id) => JSON.stringify({ ...exampleEvent(config.pipeline, new Date()), id }))
  const headers = [['traceparent', Buffer.from(TRACEPARENT).toString('base64')]]
  const topic = kind === 'alert' ? config.alerts.topic : config.deadLetters.topic
  await pool.query(
    `insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
     select $1, $2, $3, 'k', convert_to(event, 'UTF8'), $5 from unnest($4::text[]) as event`,
    [config.pipeline, kind, topic, events, JSON.stringify(headers)],
  )
  await pool.query(`select pg_notify('outflow_outbox', $1)`, [config.pipeline])
}

export async function deliveries(): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `select webhook, event_id, state, attempts, status, failure from analyst.alert_deliveries order by webhook, event_id`,
  )
  return rows
}

export const untilAll = (state: string, count: number) =>
  eventually(
    async () => {
      const rows = await deliveries()
      return rows.length === count && rows.every((row) => row.state === state) ? rows : null
    },
    { what: `${count} deliveries are ${state}` },
  )
