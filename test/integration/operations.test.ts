import { runAlerts } from '@outflow/alerts'
import { operationEventSchema, parseConfig } from '@outflow/contracts'
import { makeLog, makeVitals } from '@outflow/runtime'
import {
  beat,
  insertModel,
  noteDriftAlarm,
  openOperations,
  openPool,
  operationsCheck,
  type Pool,
  promoteModel,
  rollBackModel,
  writeBatch,
} from '@outflow/store'
import { makeKafka, makeProducer } from '@outflow/streams'
import { expect, onTestFinished, test, vi } from 'vitest'
import { operationsLook } from '../../services/alerts/src/operations/watch-operations.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { PARCEL_FEATURES } from '../support/parcels.js'
import { readCommitted } from '../support/topic-reader.js'

async function aLookedAfterPipeline() {
  const name = aName('operated')
  const topic = await aTopic()
  const config = parseConfig(
    {
      pipeline: name,
      kafka: { brokers: kafkaBrokers() },
      postgres: { url: await aDatabase() },
      source: { topics: [topic] },
      features: PARCEL_FEATURES,
      alerts: { topic: aName('alerts') },
      deadLetters: { topic: aName('dead') },
      events: { topic: aName('events') },
    },
    {},
  )
  const pool = openPool(config.postgres.url)
  onTestFinished(() => pool.end())
  let now = Date.now()
  const kafka = makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })
  const watching = {
    config,
    pool,
    kafka,
    telemetry: { operationTold: vi.fn(), operationsStand: vi.fn(), operationsNotWatched: vi.fn() },
    now: () => now,
  }
  return {
    config,
    pool,
    look: operationsLook(watching),
    another: () => operationsLook(watching),
    pass: (ms: number) => {
      now += ms
    },
    promote: async (id: string) => {
      const model = { artefact: Buffer.from(id), metadata: {}, metrics: {}, parentId: null }
      await insertModel(pool, { pipeline: name, id, ...model })
      await promoteModel(pool, { pipeline: name, id, by: 'trainer', why: 'schedule' })
    },
    send: async (count: number) => {
      const producer = await makeProducer(kafka)
      await producer.send(Array.from({ length: count }, () => ({ topic, key: null, value: '{}' })))
      await producer.close()
    },
    /** As ingest would. */
    store: (from: bigint | null, to: bigint) =>
      writeBatch(pool, {
        ...{ pipeline: name, topic, partition: 0, expectedOffset: from, nextOffset: to },
        ...{ received: Number(to - (from ?? 0n)), scored: Number(to - (from ?? 0n)) },
        ...{ anomalies: [], deadLetters: [], outbox: [], scores: [], rejections: [] },
      }),
  }
}

const openKinds = async (pool: Pool, pipeline: string) =>
  (await openOperations(pool, pipeline)).map(({ kind }) => kind).toSorted()

/** Relays what is in the outbox; gives what the events topic then holds, in order. */
async function relayed(pipeline: Awaited<ReturnType<typeof aLookedAfterPipeline>>) {
  const { config, pool } = pipeline
  const abort = new AbortController()
  const log = makeLog({ service: 'test', level: 'error', destination: process.stderr })
  const running = runAlerts({ config, log, vitals: makeVitals(), signal: abort.signal })
  await eventually(async () => (await pool.query('select from outflow.outbox limit 1')).rowCount === 0, {
    what: 'the outbox is empty',
  })
  abort.abort()
  await running
  const messages = await readCommitted(kafkaBrokers(), config.events.topic!)
  return messages.map(({ value }) => operationEventSchema.parse(JSON.parse(String(value))))
}

test('what is wrong begins once and ends once, whoever looks, and /readyz tells it', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, look, pass } = pipeline
  const name = config.pipeline
  const check = (unready: readonly string[] = []) => operationsCheck(pool, { pipeline: name, unready })
  expect(await check()).toMatchObject({ ok: true, detail: expect.stringContaining('no `alerts` service') })
  await look()
  await pipeline.another()()
  expect(await openKinds(pool, name)).toEqual(['no_model'])
  expect(await check(['no_model'])).toMatchObject({ ok: false })

  await pipeline.promote('first')
  await look()
  expect(await openKinds(pool, name)).toEqual([])
  expect(await check(['no_model'])).toEqual({ ok: true, detail: 'nothing to tell' })

  await beat(pool, { pipeline: name, service: 'trainer' })
  await pool.query(`update outflow.heartbeats set beat_at = now() - interval '2 min' where service = 'trainer'`)
  await pipeline.store(null, 0n)
  await pipeline.send(150)
  await look()
  pass(61_000)
  for (let looks = 0; looks < 2; looks++) await look()
  expect(await openKinds(pool, name)).toEqual(['detector_silent', 'trainer_dead'])
  expect(await check(['no_model', 'detector_silent'])).toMatchObject({ ok: false })
  // Another relay takes over: what it has not seen to end goes on.
  await pipeline.another()()
  expect(await openKinds(pool, name)).toEqual(['detector_silent', 'trainer_dead'])

  await beat(pool, { pipeline: name, service: 'trainer' })
  await pipeline.store(0n, 150n)
  await look()
  expect(await openKinds(pool, name)).toEqual([])

  const told = (await relayed(pipeline)).map(({ data }) => `${data.kind} ${data.status}`)
  expect(told.slice(0, 2)).toEqual(['no_model begun', 'no_model ended'])
  expect(told.slice(2, 4).toSorted()).toEqual(['detector_silent begun', 'trainer_dead begun'])
  expect(told.slice(4).toSorted()).toEqual(['detector_silent ended', 'trainer_dead ended'])
})

test('drift ends with the next model; a rollback by the guard is told once', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, look } = pipeline
  const alarm = { pipeline: config.pipeline, modelId: 'first', chart: 'stranger', statistic: 9 }
  await pipeline.promote('first')
  await noteDriftAlarm(pool, {
    ...alarm,
    ...{ changedAt: new Date(), raisedAt: new Date(), fields: [{ field: 'grams', nats: 2 }] },
  })
  await look()
  expect(await openKinds(pool, config.pipeline)).toEqual(['drift'])
  await pipeline.promote('second')
  await look()
  const rollback = { pipeline: config.pipeline, from: 'second', by: 'guard', why: 'it flags 20 %' }
  await pool.query(`update outflow.drift_alarms set model_id = 'an earlier one'`)
  await rollBackModel(pool, rollback)
  for (let looks = 0; looks < 2; looks++) await look()
  await pipeline.another()()

  const told = await relayed(pipeline)
  expect(told.map(({ data }) => [data.kind, data.status, data.modelId])).toEqual([
    ['drift', 'begun', 'first'],
    ['drift', 'ended', 'first'],
    ['model_rolled_back', 'happened', 'second'],
  ])
  expect(told[2]!.data.detail).toBe('rolled back to first by guard: it flags 20 %')
  expect(new Set(told.map(({ id }) => id)).size).toBe(3)
})
