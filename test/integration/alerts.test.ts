import type { Config } from '@outflow/contracts'
import { openPool, type Pool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { beginPartition, NO_ROWS } from '../support/begin-partition.js'
import { configWith } from '../support/config-with.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { withAdmin } from '../support/kafkajs.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { startRelay } from '../support/relay.js'
import { readCommitted, type SeenRecord } from '../support/topic-reader.js'

let config: Config
let pool: Pool
let nextOffset: bigint

beforeEach(async () => {
  const deadLetters = aName('dead-letters')
  // A topic that existed before its pipeline, with a limit of 1 MiB per message.
  await ensureTopics(makeKafka({ brokers: kafkaBrokers(), clientId: 'test' }), [
    { topic: deadLetters, partitions: 1, maxMessageBytes: 1024 ** 2 },
  ])
  config = configWith({
    pipeline: aName('relay'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aDatabase() },
    source: { topics: [await aTopic()] },
    features: [{ path: '$.load', type: 'numeric' }],
    alerts: { topic: await aTopic() },
    deadLetters: { topic: deadLetters },
  })
  pool = openPool(config.postgres.url)
  nextOffset = 0n
  onTestFinished(() => pool.end())
})

/** Starts a relay. @returns its metrics, and a function that stops it */
function relaying() {
  const relay = startRelay(config)
  onTestFinished(relay.stop)
  return relay
}

/** Puts messages into the outbox as ingest does. */
async function queue(outbox: readonly OutboxMessage[]): Promise<void> {
  const [topic] = config.source.topics
  const expectedOffset = nextOffset
  if (expectedOffset === 0n) await beginPartition(pool, { pipeline: config.pipeline, topic: topic! })
  nextOffset += 1n
  const batch = { pipeline: config.pipeline, topic: topic!, partition: 0, expectedOffset, nextOffset, outbox }
  const outcome = await writeBatch(pool, { ...NO_ROWS, ...batch })
  expect(outcome).toBe('written')
}

function aDeadLetter(payload: Buffer): OutboxMessage {
  return {
    kind: 'dead_letter',
    topic: config.deadLetters.topic,
    key: Buffer.from('k'),
    payload,
    headers: [['trace', 't']],
  }
}

/** Waits until the outbox is empty; returns the committed records of the dead-letter topic. */
async function sentLetters(): Promise<readonly SeenRecord[]> {
  await untilOutboxIsEmpty(pool)
  return readCommitted(kafkaBrokers(), config.deadLetters.topic)
}

test('a message too large for its topic is sent without its body, and does not delay those after it', async () => {
  const large = Buffer.alloc(1_500_000, 'x')
  await queue([aDeadLetter(Buffer.from('first')), aDeadLetter(large), aDeadLetter(Buffer.from('last'))])
  const { vitals } = relaying()

  const letters = await sentLetters()
  expect(letters.map(({ value }) => value && String(value))).toEqual(['first', null, 'last'])
  expect(String(letters[1]?.headers['outflow.withheld'])).toBe('the value, 1500000 bytes')
  expect(String(letters[1]?.headers.trace)).toBe('t')
  expect(await vitals.metrics.text()).toContain('outflow_messages_shortened_total{kind="dead_letter"} 1')
})

test('one of two relays sends; the other takes over, and nothing is sent twice', async () => {
  const first = relaying()
  relaying()
  const sent = (from: number) => Array.from({ length: 50 }, (_, i) => aDeadLetter(Buffer.from(String(from + i))))
  for (let batch = 0; batch < 4; batch += 1) {
    await queue(sent(batch * 50))
    if (batch === 1) await first.stop()
  }
  const letters = await sentLetters()
  expect(letters.map(({ value }) => Number(String(value)))).toEqual(Array.from({ length: 200 }, (_, i) => i))
})

test('a row that Kafka has and that a killed relay could not delete is not sent again', async () => {
  const first = relaying()
  await queue([aDeadLetter(Buffer.from('first'))])
  await untilOutboxIsEmpty(pool)
  await first.stop()

  // State after a crash between Kafka's commit and the delete: the row, with its number.
  await pool.query(
    `insert into outflow.outbox (pipeline, sequence, kind, topic, payload, headers)
     values ($1, 1, 'dead_letter', $2, 'first', '[]')`,
    [config.pipeline, config.deadLetters.topic],
  )
  await queue([aDeadLetter(Buffer.from('second'))])
  relaying()
  const letters = await sentLetters()
  expect(letters.map(({ value }) => String(value))).toEqual(['first', 'second'])
})

test('messages that were stored before their topic was renamed go to the new one (a deleted topic delayed all messages)', async () => {
  await queue([{ ...aDeadLetter(Buffer.from('before')), topic: aName('deleted') }, aDeadLetter(Buffer.from('after'))])
  relaying()
  const letters = await sentLetters()
  expect(letters.map(({ value }) => String(value))).toEqual(['before', 'after'])
})

test('a health event that was stored before events.topic was removed is not sent (if its topic was deleted, it delayed all messages)', async () => {
  const event = { ...aDeadLetter(Buffer.from('{}')), kind: 'health_event', topic: aName('deleted') } as const
  await queue([event, aDeadLetter(Buffer.from('after'))])
  relaying()
  expect((await sentLetters()).map(({ value }) => String(value))).toEqual(['after'])
})

test('an alert that is not JSON is sent unchanged, and delays no message (it delayed all)', async () => {
  const chat = { name: 'chat', kind: 'slack', url: 'http://127.0.0.1:1/', allow: ['127.0.0.1'] }
  const { alerts } = configWith({ alerts: { topic: config.alerts.topic, webhooks: [chat] } })
  config = { ...config, alerts }
  await queue([aDeadLetter(Buffer.from('{')), aDeadLetter(Buffer.from('after'))])
  await pool.query(`update outflow.outbox set kind = 'alert' where payload = '{'`)
  relaying()
  expect((await sentLetters()).map(({ value }) => String(value))).toEqual(['after'])
  const [alert] = await readCommitted(kafkaBrokers(), alerts.topic)
  expect(String(alert?.value)).toBe('{')
})

test('issue 17.27: /readyz of a relay fails while none leads, and a second relay is ready while the first one leads', async () => {
  const leader = async ({ vitals }: ReturnType<typeof relaying>) => (await vitals.readiness()).checks.alerts?.leader?.ok
  const reachable = config
  config = { ...config, kafka: { ...config.kafka, brokers: ['127.0.0.1:1'] } }
  const waiting = relaying()
  await eventually(async () => (await leader(waiting)) === false, { what: 'no relay leads', withinMs: 20_000 })
  config = reachable
  relaying()
  await eventually(() => leader(waiting), { what: 'a relay leads', withinMs: 20_000 })
})

test('a record resent to a deleted topic is reported, and delays no message (the others waited until it existed)', async () => {
  const resent = { ...aDeadLetter(Buffer.from('again')), kind: 'resent', topic: aName('deleted') } as const
  await queue([resent, aDeadLetter(Buffer.from('last'))])
  const { vitals } = relaying()
  expect((await sentLetters()).map(({ value }) => String(value))).toEqual(['last'])
  expect(await vitals.metrics.text()).toContain('outflow_messages_not_sent_total{kind="resent"} 1')
})

test('a record is resent after the alerts topic was deleted (it was skipped, as if its own topic were missing)', async () => {
  relaying()
  await queue([aDeadLetter(Buffer.from('first'))])
  await untilOutboxIsEmpty(pool)
  await withAdmin(kafkaBrokers(), (admin) => admin.deleteTopics({ topics: [config.alerts.topic] }))
  await queue([{ ...aDeadLetter(Buffer.from('again')), kind: 'resent' }])
  expect((await sentLetters()).map(({ value }) => String(value))).toEqual(['first', 'again'])
})
