import { randomUUID } from 'node:crypto'
import { openPool, type Pool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { databaseId, deleteOutboxThrough, outboxDepth, takeOutbox } from '@outflow/store/outbox'
import {
  makeKafka,
  makeTransactionalSender,
  type RelayMark,
  readMark,
  readWindow,
  SenderFenced,
  type TransactionalSender,
} from '@outflow/streams'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginPartition } from '../support/begin-partition.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'

const kafka = makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })

let pool: Pool
beforeAll(async () => {
  pool = openPool(await aDatabase())
})
afterAll(() => pool.end())

describe('the relay of the outbox', () => {
  it('sends each alert once, although it is killed between the Kafka commit and the delete', async () => {
    const relay = await aRelay()
    await fillOutbox(relay, 5)
    const killed = await relay.connect()
    const rows = await takeOutbox(pool, { pipeline: relay.pipeline, limit: 3 })
    await killed.send(rows.map(toMessage), rows.at(-1)!.sequence)
    await killed.close() // without a delete

    const successor = await relay.connect()
    await relay.settle()
    const rest = await takeOutbox(pool, { pipeline: relay.pipeline, limit: 10 })
    await successor.send(rest.map(toMessage), rest.at(-1)!.sequence)
    await relay.settle()
    await successor.close()

    expect(await alertsOn(relay.topic)).toEqual(['alert 0', 'alert 1', 'alert 2', 'alert 3', 'alert 4'])
    expect(await outboxDepth(pool, relay.pipeline)).toBe(0)
  })

  it('sends each alert once, although it is killed before the Kafka commit', async () => {
    const relay = await aRelay()
    await fillOutbox(relay, 2)
    const killed = kafka.kafkajs.producer({
      transactionalId: relay.transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await killed.connect()
    const transaction = await killed.transaction()
    await transaction.send({ topic: relay.topic, messages: [{ value: 'alert 0' }] })

    const successor = await relay.connect()
    await relay.settle()
    const rows = await takeOutbox(pool, { pipeline: relay.pipeline, limit: 10 })
    await successor.send(rows.map(toMessage), rows.at(-1)!.sequence)
    await successor.close()
    await killed.disconnect()

    expect(await alertsOn(relay.topic)).toEqual(['alert 0', 'alert 1'])
  })

  it('fences a sender when another has taken over its transactional id', async () => {
    const relay = await aRelay()
    const zombie = await relay.connect()
    const message = { topic: relay.topic, key: null, value: 'from the zombie' }
    await zombie.send([{ ...message, value: 'while it lived' }], 1n)
    const successor = await relay.connect()

    await expect(zombie.send([message], 2n)).rejects.toBeInstanceOf(SenderFenced)
    await successor.send([{ ...message, value: 'from the successor' }], 2n)
    await Promise.all([zombie.close(), successor.close()])

    expect(await alertsOn(relay.topic)).toEqual(['while it lived', 'from the successor'])
    expect(await readMark(kafka, relay.mark)).toBe(2n)
  })

  it('commits after the given step has succeeded, and not when it fails', async () => {
    const relay = await aRelay()
    const sender = await relay.connect()
    const message = { topic: relay.topic, key: null, value: 'sent' }
    const markBefore: (bigint | null)[] = []
    await sender.send([message], 1n, async () => {
      markBefore.push(await readMark(kafka, relay.mark))
    })
    await expect(
      sender.send([{ ...message, value: 'not sent' }], 2n, () => Promise.reject(new Error('the disk failed'))),
    ).rejects.toThrow('the disk failed')
    await sender.close()
    expect(markBefore).toEqual([null])
    expect(await alertsOn(relay.topic)).toEqual(['sent'])
    expect(await readMark(kafka, relay.mark)).toBe(1n)
  })

  it('sends a megabyte of rows in one transaction, in order', async () => {
    const relay = await aRelay()
    const sender = await relay.connect()
    const values = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(5_000, '.'))
    await sender.send(
      values.map((value) => ({
        topic: relay.topic,
        key: 'k',
        value,
        headers: [['name', Buffer.from([0, 200])] as const],
      })),
      300n,
    )
    await sender.close()

    expect(await alertsOn(relay.topic)).toEqual(values)
  })

  it('has no mark before it has sent', async () => {
    expect(await readMark(kafka, (await aRelay()).mark)).toBeNull()
  })
})

interface Relay {
  readonly pipeline: string
  readonly topic: string
  readonly transactionalId: string
  readonly mark: RelayMark
  connect(): Promise<TransactionalSender>
  /** Deletes the rows up to the mark. */
  settle(): Promise<void>
}

async function aRelay(): Promise<Relay> {
  const pipeline = aName('pipeline')
  const topic = await aTopic()
  const transactionalId = `outflow-relay-${pipeline}`
  const mark = { groupId: `outflow-relay-${pipeline}-${await databaseId(pool)}`, topic, partition: 0 }
  return {
    pipeline,
    topic,
    transactionalId,
    mark,
    connect: () => makeTransactionalSender(kafka, { transactionalId, mark }),
    settle: async () => {
      const sent = await readMark(kafka, mark)
      if (sent !== null) await deleteOutboxThrough(pool, pipeline, sent)
    },
  }
}

async function fillOutbox({ pipeline, topic }: Relay, count: number): Promise<void> {
  await beginPartition(pool, { pipeline, topic: 'flights' })
  await writeBatch(pool, {
    pipeline,
    topic: 'flights',
    partition: 0,
    expectedOffset: 0n,
    nextOffset: BigInt(count),
    received: count,
    scored: count,
    anomalies: Array.from({ length: count }, (_, index) => ({
      offset: BigInt(index),
      recordTimeMs: Date.now(),
      eventTimeMs: Date.now(),
      entityKey: null,
      record: {},
      nll: 9,
      pValue: 0.001,
      severity: 'low',
      pUpper: 0.002,
      missing: [],
      modelId: randomUUID(),
    })),
    deadLetters: [],
    outbox: Array.from({ length: count }, (_, index) => ({
      kind: 'alert',
      topic,
      key: null,
      payload: Buffer.from(`alert ${index}`),
      headers: [],
    })),
    scores: [],
    rejections: [],
  })
}

const toMessage = ({ topic, key, payload }: { topic: string; key: Buffer | null; payload: Buffer | null }) => ({
  topic,
  key,
  value: payload,
})

/** The records that a reader of committed data gets. */
async function alertsOn(topic: string): Promise<string[]> {
  const { records } = await readWindow(kafka, { topics: [topic], fromMs: 0, maxRows: 1_000, seed: 1 })
  return records.map(({ value }) => String(value))
}
