import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { alertEvent, eventMessage, exampleEvent } from '@outflow/alerting'
import { alertEventSchema, type Config, explainedEventSchema, parseConfig } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { makeLog } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { applyRetention } from '@outflow/store/retention'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, test } from 'vitest'
import { beginPartition } from '../support/begin-partition.js'
import { callOutflow } from '../support/call-outflow.js'
import { aConfigFile } from '../support/config-file.js'
import { documentWith } from '../support/config-with.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import { startRelay } from '../support/relay.js'
import { startService } from '../support/service-process.js'
import { storeCandidate } from '../support/stored-model.js'
import { readCommitted } from '../support/topic-reader.js'
import { type AnswerTo, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const OURS = { allow: ['127.0.0.1'] }

let pool: Pool
let config: Config
const cleanUps: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A pipeline with these webhooks; returns the path of its configuration. */
async function aPipeline(webhooks: readonly object[], alerts: object = {}): Promise<string> {
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
  cleanUps.push(() => pool.end())
  return aConfigFile(document)
}

async function aReceiver(answer?: AnswerTo): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(answer)
  cleanUps.push(() => receiver.close())
  return receiver
}

/** Runs the alerts service in this process; returns its metrics and log. */
function relaying() {
  const destination = new PassThrough()
  const lines: string[] = []
  destination.on('data', (chunk: Buffer) => lines.push(String(chunk)))
  const log = makeLog({ service: 'alerts', level: 'debug', destination })
  const { vitals, stop } = startRelay(config, log)
  cleanUps.push(stop)
  return { vitals, said: () => lines.join('') }
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Writes messages to the outbox; alerts are events with these ids and one trace. */
async function queue(ids: readonly string[], kind: OutboxMessage['kind'] = 'alert'): Promise<void> {
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

async function deliveries(): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await pool.query(
    `select webhook, event_id, state, attempts, status, failure from analyst.alert_deliveries order by webhook, event_id`,
  )
  return rows
}

const untilAll = (state: string, count: number) =>
  eventually(
    async () => {
      const rows = await deliveries()
      return rows.length === count && rows.every((row) => row.state === state) ? rows : null
    },
    { what: `${count} deliveries are ${state}` },
  )

test('an alert is sent to Kafka and to each webhook in its format; a dead letter to no webhook', async () => {
  const receiver = await aReceiver()
  await aPipeline([
    { name: 'generic', url: `${receiver.url}/generic`, secret: SECRET, ...OURS },
    { name: 'chat', kind: 'slack', url: `${receiver.url}/chat`, ...OURS },
    { name: 'pager', kind: 'alertmanager', url: `http://ada:let%20me@${receiver.url.slice(7)}/pager`, ...OURS },
  ])
  const { vitals } = relaying()
  await queue(['lost'], 'dead_letter')
  await queue(['flights/orders.v1/0/7'])
  await untilAll('delivered', 3)

  const at = (path: string) => receiver.received.filter((request) => request.path === path)
  expect(receiver.received).toHaveLength(3)
  const [generic] = at('/generic')
  const event = new Webhook(SECRET).verify(generic!.body, generic!.headers as Record<string, string>)
  expect(event).toMatchObject({ specversion: '1.0', id: 'flights/orders.v1/0/7' })
  expect(generic!.headers['webhook-id']).toBe('flights/orders%2Ev1/0/7')
  expect(JSON.parse(at('/chat')[0]!.body)).toEqual({ text: expect.stringContaining('low anomaly in ') })
  expect(JSON.parse(at('/pager')[0]!.body)).toMatchObject([{ labels: { id: 'flights/orders.v1/0/7' } }])
  expect(at('/pager')[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ada:let me').toString('base64')}`)
  expect(await readCommitted(kafkaBrokers(), config.alerts.topic)).toHaveLength(1)
  expect(await vitals.metrics.text()).toContain(
    'outflow_webhook_attempts_total{webhook="generic",outcome="delivered"} 1',
  )
})

test('health events go to the webhooks that request them, and alerts contain their trace context', async () => {
  const receiver = await aReceiver()
  const at = (path: string) => receiver.received.filter((request) => request.path === path)
  await aPipeline([
    { name: 'generic', url: `${receiver.url}/generic`, secret: SECRET, ...OURS },
    { name: 'pager', kind: 'alertmanager', send: ['health'], url: `${receiver.url}/pager`, ...OURS },
  ])
  relaying()
  await eventually(() => at('/pager').length === 1, { what: 'the pager gets the event' })
  await queue(['a'])
  await untilAll('delivered', 2)
  const labels = { alertname: 'OutflowHealthEvent', pipeline: config.pipeline, kind: 'no_model', severity: 'critical' }
  expect(JSON.parse(at('/pager')[0]!.body)).toMatchObject([{ labels }])
  expect(at('/pager')[0]!.headers).not.toHaveProperty('traceparent')
  expect(at('/generic').map(({ headers }) => headers.traceparent)).toEqual([TRACEPARENT])
})

test('an event whose receiver answers with an error is sent again with the same id until it is accepted', async () => {
  const receiver = await aReceiver((response, _, count) => {
    response.statusCode = count <= 2 ? 500 : 204
    response.end()
  })
  await aPipeline([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }])
  relaying()
  await queue(['a'])
  expect(await untilAll('delivered', 1)).toMatchObject([{ attempts: 3, status: 204 }])
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(['a', 'a', 'a'])
})

test('a retry carries the reasons that were stored since, and so does an event on the topic', async () => {
  const model = await parcelModel()
  const [topic, partition] = [await aTopic(), 0]
  const receiver = await aReceiver((response, { body }) => {
    response.statusCode = JSON.parse(body).data.reasons.length === 0 ? 503 : 204
    response.end()
  })
  await aPipeline([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }], { explained: true })
  const { pipeline } = config
  const id = `${pipeline}/${topic}/${partition}/0`
  await storeUnexplained(model, { topic, partition })
  // The explainer skips the locked anomaly, so that the alert is sent without reasons.
  const late = await pool.connect()
  await late.query('begin')
  await late.query('select from outflow.anomalies for update')
  relaying()
  await eventually(() => receiver.received.length > 0, { what: 'the alert is sent without reasons' })
  await late.query('commit')
  late.release()

  await untilAll('delivered', 1)
  const events = receiver.received.map(({ body }) => alertEventSchema.parse(JSON.parse(body)))
  expect(events[0]).toMatchObject({ id, data: { reasons: [], counterfactual: null } })
  expect(events.at(-1)).toMatchObject({ id, data: { reasons: [{ field: 'grams' }] } })

  const isSent = async () =>
    (await pool.query('select from outflow.outbox where kind = $1', ['explained'])).rowCount === 0
  await eventually(isSent, { what: 'the reasons are on the topic' })
  const messages = await readCommitted(kafkaBrokers(), config.alerts.topic)
  const [alert, explained, ...others] = messages.map(({ value }) => JSON.parse(String(value)))
  expect(others).toEqual([])
  expect(alert).toMatchObject({ id, data: { reasons: [] } })
  const { reasons, counterfactual } = events.at(-1)!.data
  expect(explainedEventSchema.parse(explained)).toMatchObject({ data: { alertId: id, reasons, counterfactual } })
  expect(messages.map(({ key }) => String(key))).toEqual(['depot', 'depot'])
})

/** Writes an anomaly without reasons and its alert, as ingest does. */
async function storeUnexplained(model: TrainedDetector, at: { topic: string; partition: number }) {
  const { pipeline, alerts } = config
  const { modelId } = model.metadata
  await storeCandidate(pool, pipeline, model)
  await beginPartition(pool, { pipeline, ...at })
  const anomaly = {
    ...{ offset: 0n, recordTimeMs: Date.now(), eventTimeMs: Date.now(), entityKey: 'depot', modelId },
    record: { kind: 'letter', grams: 90_000, millimetres: 220, note: '\0' },
    ...{ windowed: null, nll: 100, pValue: 0.0001, pUpper: 0.001, missing: [], severity: 'high' as const },
  }
  const event = alertEvent({ ...anomaly, ...at }, { pipeline, detectedAtMs: Date.now() })
  await writeBatch(pool, {
    ...{ pipeline, ...at, expectedOffset: 0n, nextOffset: 1n, received: 1, scored: 1, anomalies: [anomaly] },
    ...{ deadLetters: [], outbox: [eventMessage(event, alerts)], scores: [] },
  })
}

test('redirects and forbidden addresses are not followed, and end as dead deliveries with the reason', async () => {
  const receiver = await aReceiver((response) => {
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  const { port } = new URL(receiver.url)
  const once = { retryFor: '1ms', kind: 'slack' }
  await aPipeline([
    { name: 'a-redirect', url: `${receiver.url}/first`, ...once, ...OURS },
    { name: 'b-address', url: `http://127.0.0.1:${port}/address`, ...once },
    { name: 'c-spelling', url: `http://2130706433:${port}/spelling`, ...once },
    { name: 'd-name', url: `http://localhost:${port}/name`, ...once, allow: ['10.0.0.0/8'] },
    { name: 'e-mapped', url: `http://[::ffff:127.0.0.1]:${port}/mapped`, ...once },
  ])
  relaying()
  await queue(['a'])
  const rows = await untilAll('dead', 5)
  expect(rows.map(({ status, failure }) => [status, failure])).toEqual([
    [307, expect.stringContaining('a redirect, which is not followed')],
    [null, expect.stringContaining('127.0.0.1 is not a public address')],
    [null, expect.stringContaining('127.0.0.1 is not a public address')],
    [null, expect.stringMatching(/^localhost resolves to .*127\.0\.0\.1.*, which is not a public address/)],
    [null, expect.stringContaining('is not a public address')],
  ])
  expect(receiver.received.map(({ path }) => path)).toEqual(['/first'])
})

test('receivers that hang, stream endlessly or are down delay neither Kafka nor the others', async () => {
  const hanging = await aReceiver(() => {})
  let release = () => {}
  const held = await aReceiver((response) => {
    release = () => response.end()
  })
  const endless = await aReceiver((response) => {
    const more = setInterval(() => response.write('x'.repeat(64 * 1024)), 1)
    response.on('close', () => clearInterval(more))
  })
  const gone = await startWebhookReceiver()
  await gone.close()
  const once = { retryFor: '1ms', kind: 'slack', ...OURS }
  await aPipeline([
    { name: 'a-hanging', url: hanging.url, ...once, timeout: '300ms' },
    { name: 'b-gone', url: gone.url, ...once },
    { name: 'c-endless', url: endless.url, ...once },
    { name: 'd-held', url: held.url, ...once, timeout: '5m' },
  ])
  relaying()
  await queue(['a'])
  await eventually(() => held.received.length === 1, { what: 'a request waits for its answer' })
  await queue(['b'])
  const queued = async () => (await deliveries()).filter(({ event_id }) => event_id === 'b').length === 4
  await eventually(queued, { what: 'Kafka has the next alert, and it is queued' })
  expect(await readCommitted(kafkaBrokers(), config.alerts.topic)).toHaveLength(2)
  const ofOthers = async () => (await deliveries()).filter(({ webhook }) => webhook !== 'd-held')
  await eventually(async () => (await ofOthers()).every(({ state }) => state !== 'waiting'), { what: 'the others end' })
  expect((await ofOthers()).map(({ state, failure }) => [state, failure])).toEqual([
    ['dead', 'no answer within 300 ms'],
    ['dead', 'no answer within 300 ms'],
    ['dead', 'connection failed (ECONNREFUSED)'],
    ['dead', 'connection failed (ECONNREFUSED)'],
    ['delivered', null],
    ['delivered', null],
  ])
  expect(await deliveries()).toContainEqual(
    expect.objectContaining({ webhook: 'd-held', event_id: 'a', state: 'waiting' }),
  )
  release()
})

test('a receiver that fails repeatedly opens the circuit', async () => {
  const receiver = await aReceiver((response) => {
    response.statusCode = 503
    response.end()
  })
  await aPipeline([{ name: 'tired', url: receiver.url, kind: 'slack', ...OURS }])
  const { vitals, said } = relaying()
  await queue(['a', 'b', 'c', 'd', 'e'])
  const open = 'outflow_webhook_circuit_open{webhook="tired"} 1'
  await eventually(async () => (await vitals.metrics.text()).includes(open), { what: 'the circuit is open' })
  await queue(['f'])
  await eventually(async () => (await deliveries()).length === 6, { what: 'the sixth is queued' })
  await eventually(() => said().includes('webhook circuit opened'), { what: 'it is logged' })
  const receivedBefore = receiver.received.length
  // All six are due again within 1 s; none is sent.
  await eventually(
    async () => (await pool.query(`select from outflow.webhook_deliveries where due_at > now()`)).rowCount === 0,
    { what: 'every event is due' },
  )
  expect(receiver.received).toHaveLength(receivedBefore)
  expect(await deliveries()).toMatchObject([...Array(5).fill({ attempts: 1, status: 503 }), { attempts: 0 }])
})

test('an instance that no longer leads reports no open circuit and no health events (it did until it led again)', async () => {
  const receiver = await aReceiver((response) => {
    response.statusCode = 503
    response.end()
  })
  await aPipeline([{ name: 'tired', url: receiver.url, kind: 'slack', ...OURS }])
  const { vitals } = relaying()
  await queue(['a', 'b', 'c', 'd', 'e'])
  const reported = async () =>
    (await vitals.metrics.text()).match(/^outflow_(webhook_circuit|health_events)_open.* 1$/gm)
  await eventually(async () => (await reported())?.length === 2, { what: 'no model, and the circuit is open' })
  const session = await pool.connect()
  cleanUps.push(async () => session.release())
  await session.query(
    `with led as (select name, pid from outflow.leaderships for update), taken as (
       update outflow.leaderships set pid = own.pid, backend_start = own.backend_start
       from pg_stat_activity as own where own.pid = pg_backend_pid()
     ) select pg_terminate_backend(pid) from led`,
  )
  await eventually(async () => (await reported()) === null, { what: 'nothing is reported' })
})

test('deliveries to the last webhook are given up when it is no longer configured (they waited forever)', async () => {
  await aPipeline([])
  await pool.query(
    `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload) values ($1, 'former', 'a', '{}')`,
    [config.pipeline],
  )
  relaying()
  await untilAll('dead', 1)
})

test('deliveries to a webhook that is no longer configured are given up, and old ones are deleted by retention', async () => {
  const receiver = await aReceiver()
  await aPipeline([{ name: 'present', url: receiver.url, kind: 'slack', ...OURS }])
  await pool.query(
    `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload) values ($1, 'former', 'a', '{}')`,
    [config.pipeline],
  )
  relaying()
  await queue(['b'])
  await eventually(
    async () => {
      const rows = await deliveries()
      return rows.length === 2 && rows.every(({ state }) => state !== 'waiting')
    },
    { what: 'both have ended' },
  )
  expect(await deliveries()).toMatchObject([
    { webhook: 'former', state: 'dead', failure: 'no webhook of this name is configured' },
    { webhook: 'present', state: 'delivered' },
  ])
  const dayMs = 86_400_000
  const retention = { pipeline: config.pipeline, anomaliesMs: 10 * dayMs, statisticsMs: dayMs }
  const left = async (days: number) => {
    await applyRetention(pool, {
      ...retention,
      anomaliesMs: retention.anomaliesMs - days * dayMs,
      statisticsMs: retention.statisticsMs - days * dayMs,
    })
    return (await deliveries()).map(({ state }) => state)
  }
  expect(await left(0.5)).toEqual(['dead', 'delivered'])
  expect(await left(2)).toEqual(['dead'])
  expect(await left(11)).toEqual([])
})

test('after a crash between the delivery and its record the event is delivered again with the same id', async () => {
  const receiver = await aReceiver()
  const file = await aPipeline([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }])
  await pool.query(`
    create function outflow.wait_long() returns trigger language plpgsql as $$
    begin perform pg_sleep(25); return new; end $$;
    create trigger wait_long before update on outflow.webhook_deliveries for each row execute function outflow.wait_long()`)
  const first = startService('alerts', file)
  await queue(['a'])
  await first.logged('leadership taken') // in a child process, which takes time to start
  await eventually(() => receiver.received.length === 1, { what: 'the event is delivered' })
  await first.kill()
  await pool.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like '%outflow.webhook_deliveries%'`)
  await pool.query('drop trigger wait_long on outflow.webhook_deliveries')
  relaying()
  expect(await untilAll('delivered', 1)).toMatchObject([{ event_id: 'a', attempts: 1 }])
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(['a', 'a'])
})

test('given-up deliveries are listed and sent again by resend; secrets appear nowhere', async () => {
  let status = 422
  const receiver = await aReceiver((response, { path, headers }) => {
    response.statusCode = status
    response.end(`you said ${path} ${headers['webhook-signature']}`)
  })
  const token = 'T0K3N-Geheimnis-7c1d'
  const file = await aPipeline([
    { name: 'generic', url: `${receiver.url}/${token}`, secret: SECRET, ...OURS },
    { name: 'unused', url: `https://user:${token}@192.0.2.1/${token}`, kind: 'slack', retryFor: '1ms', timeout: '1s' },
  ])
  const { vitals, said } = relaying()
  await queue(['a', 'b'])
  await untilAll('dead', 4)
  await eventually(() => said().includes('webhook delivery given up'), { what: 'it is logged' })
  const listed = await callOutflow(['webhooks', 'list', '--config', file])
  const refused = await callOutflow(['webhooks', 'test', 'unused', '--config', file])
  const misspelt = await callOutflow(['webhooks', 'test', 'genric', '--config', file])
  expect(listed.stdout).toMatch(/generic +signed +127\.0\.0\.1:\d+ +0 +0 +2 +the receiver answered 422/)
  expect([refused.code, refused.stdout]).toEqual([
    1,
    expect.stringContaining('✗ unused  192.0.2.1 is not a public address'),
  ])
  expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringContaining('did you mean generic?')])

  status = 200
  const tried = await callOutflow(['webhooks', 'test', 'generic', '--config', file, '--json'])
  expect([tried.code, JSON.parse(tried.stdout)]).toMatchObject([0, [{ webhook: 'generic', ok: true, status: 200 }]])
  const resent = await callOutflow(['webhooks', 'resend', 'generic', '--event', 'b', '--config', file])
  expect(resent.stdout).toBe('1 event is queued again; the alerts service delivers\n')
  const unknown = await callOutflow(['webhooks', 'resend', 'generic', '--event', 'nosuch', '--config', file])
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no event nosuch is stored for generic') })
  await eventually(async () => (await deliveries()).find(({ state }) => state === 'delivered'), {
    what: 'b is delivered',
  })
  expect(receiver.received.at(-1)!.headers['webhook-id']).toBe('b')

  const tables = await pool.query('select jsonb_agg(d)::text from outflow.webhook_deliveries d')
  const everywhere = [
    said(),
    await vitals.metrics.text(),
    JSON.stringify(tables.rows),
    listed,
    refused,
    misspelt,
    resent,
  ]
  for (const text of everywhere.map((place) => JSON.stringify(place))) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(SECRET.slice(6))
  }
})
