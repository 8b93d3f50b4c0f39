import {
  describeCluster,
  describeTopics,
  ensureTopics,
  makeKafka,
  makeTransactionalSender,
  partitionEnds,
  readWindow,
  sampleWindow,
  scanOffsets,
  scanWindow,
  startOfLatest,
} from '@outflow/streams'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { aGroup, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { deleteRecords, plainKafka } from '../support/kafkajs.js'
import { sendMessages } from '../support/topic-writer.js'

const kafka = () => makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })
const NOON = Date.UTC(2026, 0, 1, 12)

it('startOfLatest returns the start of little more than the latest records (up to 29 times as many, the oldest of which were read)', async () => {
  const topic = await aTopic({ partitions: 2 })
  const nowMs = Date.now()
  const everySecond = Array.from({ length: 3_000 }, (_, second) => nowMs - 1_000 * (3_000 - second))
  await produce(topic, everySecond)

  const fromMs = await startOfLatest(kafka(), [topic], 1_000)

  const { seen } = await readWindow(kafka(), { topics: [topic], fromMs, maxRows: 1, seed: 1 })
  expect(seen).toBeGreaterThanOrEqual(1_000)
  expect(seen).toBeLessThanOrEqual(1_100)
})

describe('readWindow', () => {
  it('returns the records of the window, in any order of timestamps, and none produced later', async () => {
    const topic = await aTopic({ partitions: 2 })
    await produce(topic, [NOON - 1, NOON, NOON + 9, NOON + 3, NOON - 5, NOON + 10, NOON + 4])

    const window = await readWindow(kafka(), { topics: [topic], fromMs: NOON, maxRows: 100, seed: 1 })

    expect(window.records.map(({ timestampMs }) => timestampMs - NOON).sort()).toEqual([0, 10, 3, 4, 9])
    expect(window.seen).toBe(5)
  })

  it.each([-1, -86_400_000])('reads all records from %i ms, a time before 1970, on', async (fromMs) => {
    const topic = await aTopic({ partitions: 2 })
    await produce(topic, [NOON, NOON + 1, NOON + 2])

    expect((await readWindow(kafka(), { topics: [topic], fromMs, maxRows: 100, seed: 1 })).seen).toBe(3)
  })

  it('is cut short by deleted records of the window, and not by those of the time before it (it was)', async () => {
    const topic = await aTopic()
    await produce(topic, [NOON - 3, NOON - 2, NOON - 1, NOON, NOON + 1])
    const isCutShortFrom = async (offset: number) => {
      await deleteRecords(kafkaBrokers(), topic, offset)
      const window = { topics: [topic], fromMs: NOON, maxRows: 100, seed: 1, aheadMs: 10 }
      return (await sampleWindow(kafka(), { ...window, prepare: async () => {}, keep: () => null })).isCutShort
    }

    expect(await isCutShortFrom(1)).toBe(false)
    expect(await isCutShortFrom(4)).toBe(true)
  })

  it('is cut short by records that are deleted during the read (it was not)', async () => {
    const topic = await aTopic()
    // More than one fetch.
    for (let sent = 0; sent < 8; sent++)
      await sendMessages(kafkaBrokers(), topic, [{ key: null, value: 'x'.repeat(900_000), timestampMs: NOON }])
    const offsets: bigint[] = []
    const { isCutShort } = await scanWindow(kafka(), { topics: [topic], fromMs: 0 }, async (records) => {
      offsets.push(...records.map(({ offset }) => offset))
      await deleteRecords(kafkaBrokers(), topic, 7)
    })

    expect(isCutShort).toBe(true)
    expect([offsets[0], offsets.length < 8, offsets.at(-1)]).toEqual([0n, true, 7n])
  })

  it('has no record of a partition that does not exist any more (it waited 20 s, and named the broker)', async () => {
    const range = { topic: await aTopic(), partition: 1, from: 0n, to: 9n }
    expect(await scanOffsets(kafka(), range, async () => {})).toEqual({ isCutShort: true })
  })

  it('issue 17.10: leaves out tombstones with skipTombstones', async () => {
    const topic = await aTopic()
    await sendMessages(
      kafkaBrokers(),
      topic,
      [null, '1', null].map((value) => ({ key: 'a', value })),
    )

    const window = { topics: [topic], fromMs: 0, maxRows: 100, seed: 1 }
    expect((await readWindow(kafka(), window)).seen).toBe(3)
    const { records, seen } = await readWindow(kafka(), { ...window, skipTombstones: true })
    expect(records.map(({ offset }) => offset)).toEqual([1n])
    expect(seen).toBe(1)
  })

  it('ends although the last offsets are transaction markers', async () => {
    const topic = await aTopic()
    const sender = await makeTransactionalSender(kafka(), {
      transactionalId: aGroup(),
      mark: { groupId: aGroup(), topic, partition: 0 },
    })
    await sender.send([{ topic, key: null, value: 'one' }], 1n)
    await sender.send([{ topic, key: null, value: 'two' }], 2n)
    await sender.close()
    // The broker confirms a transaction before its marker is in the partition.
    const endIs = async (end: bigint) => (await partitionEnds(kafka(), [topic]))[0]!.end === end
    await eventually(() => endIs(4n), { what: 'the marker of the second transaction' })

    const { records } = await readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 100, seed: 1 })

    expect(records.map(({ offset }) => offset)).toEqual([0n, 2n])
  })

  it('ends although an open transaction hides the records after it', async () => {
    const topic = await aTopic()
    await produce(topic, [NOON, NOON])
    const open = plainKafka(kafkaBrokers()).producer({
      transactionalId: aGroup(),
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await open.connect()
    const transaction = await open.transaction()
    await transaction.send({ topic, messages: [{ value: 'not yet' }] })

    const { records } = await readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 100, seed: 1 })
    await transaction.abort()
    await open.disconnect()

    expect(records).toHaveLength(2)
  })

  it('samples a larger window by seed: the same seed returns the same rows', async () => {
    const topic = await aTopic({ partitions: 3 })
    await produce(
      topic,
      Array.from({ length: 1_000 }, (_, index) => NOON + index),
    )
    const sampleWith = async (seed: number) => {
      const { records, seen } = await readWindow(kafka(), { topics: [topic], fromMs: NOON, maxRows: 50, seed })
      expect(seen).toBe(1_000)
      return records.map(({ partition, offset }) => `${partition}/${offset}`)
    }

    const [one, again, other] = [await sampleWith(1), await sampleWith(1), await sampleWith(2)]

    expect(one).toHaveLength(50)
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('returns nothing from an empty topic', async () => {
    const { records } = await readWindow(kafka(), { topics: [await aTopic()], fromMs: 0, maxRows: 100, seed: 1 })
    expect(records).toEqual([])
  })

  it('leaves no group behind', async () => {
    const topic = await aTopic()
    await produce(topic, [NOON])
    const clientId = aName('reader')
    const admin = plainKafka(kafkaBrokers()).admin()
    await admin.connect()
    const groupsNow = async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId)
    let own: readonly string[] = []
    await scanWindow(makeKafka({ brokers: kafkaBrokers(), clientId }), { topics: [topic], fromMs: 0 }, async () => {
      // Other test files read windows at the same time, and some are killed while they do.
      const windows = (await groupsNow()).filter((groupId) => groupId.startsWith('outflow-window-'))
      const { groups } = await admin.describeGroups(windows)
      own = groups.flatMap(({ groupId, members }) =>
        members.some((member) => member.clientId === clientId) ? [groupId] : [],
      )
    })

    expect(own).toHaveLength(1)
    expect(await groupsNow()).not.toContain(own[0])
    await admin.disconnect()
  })

  it('rejects with the reason of the signal when it aborts', async () => {
    const topic = await aTopic()
    await produce(topic, [NOON])
    const signal = AbortSignal.abort(new Error('asked to stop'))
    await expect(readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 9, seed: 1, signal })).rejects.toThrow(
      'asked to stop',
    )
  })
})

describe('topics', () => {
  it('creates missing topics once, and lists topics and their ends', async () => {
    const topic = aName('made')
    const spec = { topic, partitions: 2, maxMessageBytes: 3 * 1024 ** 2 }

    expect(await ensureTopics(kafka(), [spec])).toEqual([topic])
    expect(await ensureTopics(kafka(), [spec])).toEqual([])
    expect(await describeTopics(kafka(), [topic, 'nowhere'])).toEqual(
      new Map([
        [topic, 2],
        ['nowhere', null],
      ]),
    )
    expect(await describeCluster(kafka())).toMatchObject({ brokers: 1 })

    await sendMessages(kafkaBrokers(), topic, [{ key: 'a', value: 'x'.repeat(2 * 1024 ** 2), partition: 1 }])
    expect(await partitionEnds(kafka(), [topic])).toEqual(
      expect.arrayContaining([
        { topic, partition: 0, earliest: 0n, end: 0n },
        { topic, partition: 1, earliest: 0n, end: 1n },
      ]),
    )
  })

  it('can be created by two processes at once', async () => {
    const spec = { topic: aName('raced'), partitions: 1 }
    await Promise.all([ensureTopics(kafka(), [spec]), ensureTopics(kafka(), [spec])])
    expect((await describeTopics(kafka(), [spec.topic])).get(spec.topic)).toBe(1)
  })
})

const produce = (topic: string, timestampsMs: readonly number[]) =>
  sendMessages(
    kafkaBrokers(),
    topic,
    timestampsMs.map((timestampMs) => ({ key: `${timestampMs}`, value: 'v', timestampMs })),
  )
