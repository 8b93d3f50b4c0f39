import { createHash } from 'node:crypto'
import { runAlerts } from '@outflow/alerts'
import { ALERT_CONTENT_TYPE, type AlertEvent, alertEventSchema, type Config } from '@outflow/contracts'
import { runIngest } from '@outflow/ingest'
import { makeVitals, type Vitals } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import { countUnexplained } from '@outflow/store/anomalies'
import { partitionCounters } from '@outflow/store/batch'
import { rejectionsSince } from '@outflow/store/dead-letters'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { runTrainer } from '@outflow/trainer'
import type { Kafka, Message } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configWith } from '../support/config-with.js'
import { countsOf } from '../support/counts.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, kafkaBrokers } from '../support/infrastructure.js'
import { plainKafka } from '../support/kafkajs.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { testLog } from '../support/test-log.js'
import { readCommitted } from '../support/topic-reader.js'

/**
 * Trainer, ingest and alerts together on real Kafka and Postgres, with a real model. A sensor sends
 * its load and its temperature, which depends on the load; a few records break this relation, a few break their contract.
 */

const RECORDS = 3_000
const PLANTED = new Set(Array.from({ length: 15 }, (_, i) => 1_000 + i * 101))
const BROKEN = new Map<number, Message>([
  [100, { key: 'a', value: '{"load": 3' }],
  [
    500,
    {
      key: Buffer.from([0xff, 0x00]),
      value: Buffer.from([0x7b, 0xff, 0x00]),
      headers: { trace: Buffer.from([0, 255]) },
    },
  ],
  [900, { key: 'a', value: null }],
  [1_500, { key: null, value: '{"sensor":"a","load":1,"temperature":"warm","at":"2026-01-01T00:00:00Z"}' }],
  [1_501, { key: 'a', value: '{"sensor":"a","load":1,"at":"2026-01-01T00:00:00Z"}' }],
  [2_000, { key: 'a', value: JSON.stringify({ sensor: 'a', load: 1, temperature: 1, at: 'yesterday' }) }],
  [2_500, { key: 'a', value: JSON.stringify({ note: 'x'.repeat(2_000_000) }), headers: { trace: ['1', '2'] } }],
])

const abort = new AbortController()
const services: Promise<void>[] = []
let config: Config
let pool: Pool
let kafka: Kafka
let vitals: Vitals
let produced: Message[]

beforeAll(async () => {
  kafka = plainKafka(kafkaBrokers())
  const topic = aName('sensors')
  await ensureTopics(makeKafka({ brokers: kafkaBrokers(), clientId: 'test' }), [
    { topic, partitions: 2, maxMessageBytes: 4 * 1024 ** 2 },
  ])
  config = configWith({
    pipeline: aName('sensors'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aDatabase() },
    source: { topics: [topic], timestamp: '$.at', key: '$.sensor', maxRecordBytes: '4KiB', tombstones: 'reject' },
    features: [
      { path: '$.load', type: 'numeric' },
      { path: '$.temperature', type: 'numeric' },
      { path: '$.sensor', type: 'categorical' },
    ],
    model: { layers: 4, hidden: [32] },
    // On a busy machine a fit at low priority takes longer than the timeout of the test.
    training: { minRows: 2_900, maxRows: 5_000, niceness: 0 },
    // The 270 calibration records include planted ones: a rate of 0.01 would allow only one of them.
    detection: { alertRate: 0.02 },
    // Created by the relay, with a sufficient message size.
    alerts: { topic: aName('alerts') },
    deadLetters: { topic: aName('dead-letters') },
  })
  pool = openPool(config.postgres.url)
  produced = await produce(topic)
  vitals = makeVitals()
  const shared = { config, log: testLog(), vitals, signal: abort.signal }
  services.push(runIngest(shared), runAlerts(shared), runTrainer(shared))
})

afterAll(async () => {
  abort.abort()
  await Promise.allSettled(services)
  await pool.end()
})

function aRecord(index: number): Record<string, unknown> {
  const load = 50 + 30 * Math.sin(index / 40)
  // A low-discrepancy sequence in place of noise: uniform, and the same on every machine.
  const noise = ((index * 0.618_033_988_75) % 1) - 0.5
  const temperature = 20 + 0.5 * load + noise + (PLANTED.has(index) ? 40 : 0)
  return {
    sensor: `s${index % 5}`,
    load,
    temperature,
    at: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
  }
}

async function produce(topic: string): Promise<Message[]> {
  const messages = Array.from({ length: RECORDS }, (_, index): Message => {
    const partition = index % 2
    const broken = BROKEN.get(index)
    if (broken) return { ...broken, partition }
    const record = aRecord(index)
    return {
      key: String(record.sensor),
      value: JSON.stringify(record),
      partition,
      headers: { truth: PLANTED.has(index) ? '1' : '0' },
    }
  })
  const producer = kafka.producer()
  await producer.connect()
  for (let at = 0; at < messages.length; at += 500)
    await producer.send({ topic, messages: messages.slice(at, at + 500) })
  await producer.disconnect()
  return messages
}

describe('trainer, ingest and alerts together', () => {
  test('a first model is fitted, and then every record is scored or rejected', async () => {
    const counts = () => countsOf(pool, config.pipeline)
    await eventually(async () => (await counts()).received === RECORDS, {
      what: 'every record is counted',
      withinMs: 110_000,
    })
    expect((await counts()).scored).toBe(RECORDS - BROKEN.size)
    const counters = await partitionCounters(pool, config.pipeline)
    expect(counters.map(({ nextOffset }) => nextOffset)).toEqual([BigInt(RECORDS / 2), BigInt(RECORDS / 2)])
    const rejections = await rejectionsSince(pool, { pipeline: config.pipeline, since: new Date(0) })
    expect(Object.fromEntries(rejections.map(({ reason, count }) => [reason, count]))).toEqual({
      undecodable: 2,
      empty: 1,
      wrong_type: 1,
      missing_field: 1,
      bad_timestamp: 1,
      too_large: 1,
    })
    expect(await vitals.readiness()).toMatchObject({
      ready: true,
      checks: { ingest: { model: { ok: true }, kafka: { ok: true }, postgres: { ok: true } } },
    })
  })

  test('the planted outliers are anomalies in Postgres, with the reasons', async () => {
    await eventually(async () => (await countUnexplained(pool, config.pipeline)) === 0, { what: 'all are explained' })
    const { rows } = await pool.query<{ index: number; reasons: { field: string; bits: number }[]; severity: string }>(
      'select "offset"::int * 2 + partition as index, reasons, severity from outflow.anomalies where pipeline = $1',
      [config.pipeline],
    )
    const found = new Map(rows.map((row) => [row.index, row]))
    for (const index of PLANTED) {
      expect(found.get(index)?.reasons[0]?.field, `record ${index}`).toMatch(/temperature|load/)
    }
    // 2 % of normal records may be anomalies, with random deviation.
    expect(rows.length - PLANTED.size).toBeLessThan(0.04 * RECORDS)
  })

  test('each anomaly is on the alerts topic exactly once, as a CloudEvent keyed by its entity', async () => {
    await untilOutboxIsEmpty(pool)
    const { rows } = await pool.query<{ id: string }>(
      `select pipeline || '/' || topic || '/' || partition || '/' || "offset" as id from outflow.anomalies order by 1`,
    )
    const alerts = await readCommitted(kafkaBrokers(), config.alerts.topic)
    const events = alerts.map(({ value }): AlertEvent => alertEventSchema.parse(JSON.parse(String(value))))
    expect(events.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    alerts.forEach(({ key, headers }, index) => {
      const { data, subject } = events[index]!
      expect(String(key)).toBe(data.record.sensor)
      expect(subject).toBe(data.record.sensor)
      expect(String(headers['content-type'])).toBe(ALERT_CONTENT_TYPE)
    })
  })

  test('each rejected record is on the dead-letter topic once, byte for byte, with its reason and position', async () => {
    const letters = await readCommitted(kafkaBrokers(), config.deadLetters.topic)
    expect(letters).toHaveLength(BROKEN.size)
    for (const { key, value, headers } of letters) {
      const index = Number(headers['outflow.offset']) * 2 + Number(headers['outflow.partition'])
      const original = produced[index]!
      expect(key).toEqual(asBuffer(original.key))
      const whole = asBuffer(original.value)
      // A dead letter has at most 1,000,000 bytes: for a longer value it has the beginning, the size and the digest.
      if (whole !== null && whole.length > 1_000_000) {
        expect(whole.subarray(0, value!.length).equals(value!)).toBe(true)
        expect(String(headers['outflow.value-bytes'])).toBe(String(whole.length))
        expect(String(headers['outflow.value-sha256'])).toBe(createHash('sha256').update(whole).digest('hex'))
      } else expect(value).toEqual(whole)
      expect(headers.trace).toEqual(asHeader(original.headers?.trace))
      expect(String(headers['outflow.topic'])).toBe(config.source.topics[0])
      expect(String(headers['outflow.reason'])).toMatch(/^[a-z_]+$/)
      expect(Date.parse(String(headers['outflow.rejected-at']))).toBeLessThanOrEqual(Date.now())
    }
  })

  test('metrics agree with Postgres', async () => {
    const text = await vitals.metrics.text()
    expect(text).toContain(`outflow_records_total{topic="${config.source.topics[0]}"} ${RECORDS}`)
    expect(text).toContain('outflow_rejected_total{reason="undecodable"} 2')
    expect(text).toContain('outflow_fits_total{outcome="promoted"} 1')
    expect(text).toContain(`outflow_outbox_sent_total{kind="dead_letter"} ${BROKEN.size}`)
  })

  test('on a signal all three drain', async () => {
    abort.abort()
    await Promise.all(services)
  })
})

function asBuffer(bytes: string | Buffer | null | undefined): Buffer | null {
  return bytes === null || bytes === undefined ? null : Buffer.from(bytes)
}

function asHeader(header: Buffer | string | (Buffer | string)[] | undefined): Buffer | Buffer[] | undefined {
  if (header === undefined) return undefined
  return Array.isArray(header) ? header.map((one) => Buffer.from(one)) : Buffer.from(header)
}
