import {
  BrokerUnavailable,
  ensureTopics,
  makeKafka,
  makeTransactionalSender,
  type RelayMark,
  readMark,
  removeTopics,
  SenderFenced,
} from '@outflow/streams'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { readCommitted } from '../support/topic-reader.js'

const kafka = makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })

describe('the transactional sender of the relay', () => {
  it('aborts what a killed sender has not committed', async () => {
    const relay = await aRelay()
    const killed = kafka.kafkajs.producer({
      transactionalId: relay.transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await killed.connect()
    const transaction = await killed.transaction()
    await transaction.send({ topic: relay.topic, messages: [{ value: 'not committed' }] })

    const successor = await relay.connect()
    await successor.send([{ topic: relay.topic, key: null, value: 'committed' }], 1n)
    await successor.close()
    await killed.disconnect()

    expect(await alertsOn(relay.topic)).toEqual(['committed'])
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
    expect(await relay.settledMark()).toBe(2n)
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
    expect(await relay.settledMark()).toBe(1n)
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

  it('has the mark at an earlier topic after the topic was renamed (what it had sent could be sent again)', async () => {
    const { transactionalId, mark, topic } = await aRelay()
    const sendTo = async (topic: string, position: bigint) => {
      const sender = await makeTransactionalSender(kafka, { transactionalId, mark: { ...mark, topic } })
      await sender.send([{ topic, key: null, value: 'sent' }], position)
      await sender.close()
    }
    const renamed = { ...mark, topic: await aTopic() }
    await sendTo(topic, 7n)
    expect(await settledMark(transactionalId, renamed)).toBe(7n)
    await sendTo(renamed.topic, 10n)
    expect(await settledMark(transactionalId, renamed)).toBe(10n)
    await sendTo(topic, 12n)
    expect(await settledMark(transactionalId, renamed)).toBe(12n)
  })

  it('loses no message when its topic is created again with fewer partitions (those of the others were dropped, and the mark moved)', async () => {
    const topic = await aTopic({ partitions: 4 })
    const { connect } = await aRelay()
    const messages = (first: number) =>
      Array.from({ length: 8 }, (_, at) => ({ topic, key: `k${at}`, value: String(first + at) }))
    const sender = await connect()
    await sender.send(messages(0), 8n)
    await removeTopics(kafka, { topics: [topic], groupsOf: aName('none') })
    await eventually(
      () =>
        ensureTopics(kafka, [{ topic, partitions: 1 }]).then(
          (made) => made.length > 0,
          () => false,
        ),
      { what: 'the topic is created again' },
    )
    await expect(sender.send(messages(8), 16n)).rejects.toBeInstanceOf(BrokerUnavailable)
    await sender.close()
    const successor = await connect()
    await successor.send(messages(8), 16n)
    await successor.close()

    expect(await alertsOn(topic)).toEqual(['8', '9', '10', '11', '12', '13', '14', '15'])
  })

  it('has no mark before it has sent', async () => {
    expect(await readMark(kafka, (await aRelay()).mark)).toBeNull()
  })
})

async function aRelay() {
  const topic = await aTopic()
  const transactionalId = aName('relay')
  const mark = { groupId: transactionalId, topic, partition: 0 }
  return {
    topic,
    transactionalId,
    mark,
    connect: () => makeTransactionalSender(kafka, { transactionalId, mark }),
    settledMark: () => settledMark(transactionalId, mark),
  }
}

/** The mark after all transactions have ended: the broker confirms a commit before it has written it to the partitions. */
async function settledMark(transactionalId: string, mark: RelayMark): Promise<bigint | null> {
  const settling = await makeTransactionalSender(kafka, { transactionalId, mark })
  await settling.close()
  return readMark(kafka, mark)
}

async function alertsOn(topic: string): Promise<string[]> {
  const records = await readCommitted(kafkaBrokers(), topic)
  return records.map(({ value }) => String(value))
}
