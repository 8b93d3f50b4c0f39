import { alertEvent, eventMessage } from '@outflow/alerting'
import { alertEventSchema, explainedEventSchema } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { writeBatch } from '@outflow/store/batch'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { anAnomaly } from '../support/an-anomaly.js'
import { beginPartition } from '../support/begin-partition.js'
import { eventually } from '../support/eventually.js'
import { aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { heldBy } from '../support/lock-waits.js'
import { parcelModel } from '../support/parcel-models.js'
import { startService } from '../support/service-process.js'
import { storeCandidate } from '../support/stored-model.js'
import { readCommitted } from '../support/topic-reader.js'
import {
  aPipelineWith,
  aReceiver,
  config,
  OURS,
  pool,
  queue,
  relaying,
  SECRET,
  TRACEPARENT,
  untilAll,
} from '../support/webhook-pipeline.js'

/** A receiver that answers the first requests with an error. */
const aReceiverThatFails = (times: number) =>
  aReceiver((response, _, count) => {
    response.statusCode = count <= times ? 500 : 204
    response.end()
  })

test('an alert is sent to Kafka and to each webhook in its format; a dead letter to no webhook', async () => {
  const receiver = await aReceiver()
  await aPipelineWith([
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
  await aPipelineWith([
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

test('that a condition has ended is sent after its beginning, also if that is retried (Alertmanager showed an ended condition again)', async () => {
  const receiver = await aReceiverThatFails(1)
  await aPipelineWith([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }])
  relaying()
  await queue(['begun', 'ended'].map((status) => `flights/health/7/${status}`))
  await untilAll('delivered', 2)
  expect(receiver.received.map(({ headers }) => headers['webhook-id']!.slice(-5))).toEqual(['begun', 'begun', 'ended'])
})

test('a retry carries the reasons that were stored since, and so does an event on the topic', async () => {
  const model = await parcelModel()
  const [topic, partition] = [await aTopic(), 0]
  const receiver = await aReceiver((response, { body }) => {
    response.statusCode = JSON.parse(body).data.reasons.length === 0 ? 503 : 204
    response.end()
  })
  await aPipelineWith([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }], { explained: true })
  const { pipeline } = config
  const id = `${pipeline}/${topic}/${partition}/0`
  await storeUnexplained(model, { topic, partition })
  // The explainer skips the locked anomaly, so that the alert is sent without reasons.
  const commit = await heldBy(pool, 'select from outflow.anomalies for update')
  relaying()
  await eventually(() => receiver.received.length > 0, { what: 'the alert is sent without reasons' })
  await commit()

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
  const record = { kind: 'letter', grams: 90_000, millimetres: 220, note: '\0' }
  const anomaly = anAnomaly(0n, { entityKey: 'depot', record, nll: 100, modelId })
  const event = alertEvent({ ...anomaly, ...at }, { pipeline, detectedAtMs: Date.now() })
  await writeBatch(pool, {
    ...{ pipeline, ...at, expectedOffset: 0n, nextOffset: 1n, received: 1, scored: 1, anomalies: [anomaly] },
    ...{ deadLetters: [], outbox: [eventMessage(event, alerts)], scores: [] },
  })
}

test('after a crash between the delivery and its record the event is delivered again with the same id', async () => {
  const receiver = await aReceiver()
  const file = await aPipelineWith([{ name: 'generic', url: receiver.url, secret: SECRET, ...OURS }])
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
