import { createTopics, describeTopics, type PartitionEnds, partitionEnds, readWindow } from '@outflow/streams'
import { describe, expect, it } from 'vitest'
import {
  aMember,
  countersOf,
  gapOf,
  kafka,
  message,
  nextOffsets,
  produce,
  range,
  readAndLeave,
} from '../support/counting-member.js'
import { eventually } from '../support/eventually.js'
import { aGroup, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { deleteRecords, withAdmin } from '../support/kafkajs.js'
import { readCommitted } from '../support/topic-reader.js'
import { sendMessages } from '../support/topic-writer.js'

// Concurrent: each has its own topic and group, and two wait for the broker or for a member's next poll.
describe.concurrent('records that are not there any more', () => {
  it('issue 17.21: records that retention deletes while a member runs are reported as missed, with both offsets, and counted once', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 10)
    const member = aMember({
      topic,
      work: async ({ expectedOffset }) => {
        if (expectedOffset !== 0n) return
        await produce(topic, 10, 100)
        await deleteRecords(kafkaBrokers(), topic, 60)
      },
    })
    await member.until(() => member.offsets.length === 50)
    await member.leave()

    expect(member.offsets).toEqual([...range(0, 10), ...range(60, 100)])
    expect(member.missed).toEqual([gapOf('retention', 10n, 60n, 50n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 100n, received: 50, missed: 50 }])
  })

  it('issue 17.21: records that retention deletes while no member runs are reported as missed', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 10)
    await readAndLeave({ topic, groupId }, 10)
    await produce(topic, 10, 100)
    await deleteRecords(kafkaBrokers(), topic, 60)
    const second = await readAndLeave({ topic, groupId }, 40)

    expect(second.missed).toEqual([gapOf('retention', 10n, 60n, 50n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 100n, received: 50, missed: 50 }])
  })

  it.each([
    ['between two fetches', true],
    ['while a member waits for records', false],
  ])('issue 17.21: a topic that is created again %s is read from its beginning', async (_, isDuringDelivery) => {
    const topic = await aTopic()
    await produce(topic, 0, 25)
    const fillAgain = async () => {
      await createAgain(topic)
      await produce(topic, 0, 45)
    }
    const member = aMember({
      topic,
      work: async () => {
        if (isDuringDelivery && member.begun === 1) await fillAgain()
      },
    })
    await member.until(() => member.offsets.length >= 25)
    if (!isDuringDelivery) await fillAgain()
    await member.until(() => member.offsets.length === 70)
    await member.leave()

    expect(member.offsets).toEqual([...range(0, 25), ...range(0, 45)])
    expect(member.missed).toEqual([gapOf('recreated', 25n, 0n, 0n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 45n, received: 70, missed: 0 }])
  })

  it('issue 17.21: a topic that was created again while no member ran is read from its beginning', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 25)
    await readAndLeave({ topic, groupId }, 25)
    await createAgain(topic)
    await produce(topic, 0, 45)
    await deleteRecords(kafkaBrokers(), topic, 5)
    const second = await readAndLeave({ topic, groupId }, 40)

    expect(second.offsets).toEqual(range(5, 45))
    expect(second.missed).toEqual([gapOf('recreated', 25n, 5n, 5n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 45n, received: 65, missed: 5 }])
  })

  it('issue 17.21: offsets that compaction has removed are not reported as missed', async () => {
    const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '100' }
    const topic = await aTopic({ settings })
    const groupId = aGroup()
    await produceKey(topic, 0, 5)
    await readAndLeave({ topic, groupId }, 5)
    await produceKey(topic, 5, 50)
    // Each poll writes a mark, which closes the segment before it.
    await eventually(async () => (await readCommitted(kafkaBrokers(), topic)).every(({ offset }) => offset > 20n), {
      what: 'the first records are compacted away',
    })
    const [{ end }] = (await partitionEnds(kafka(), [topic])) as [PartitionEnds]
    const second = aMember({ topic, groupId })
    await second.until(async () => (await nextOffsets(topic))[0] === end)
    await second.leave()

    expect(second.offsets[0]).toBeGreaterThan(5)
    expect(second.missed).toEqual([])
  }, 90_000)

  it('a batch that compaction has emptied is passed over at the end of a segment (it was fetched forever)', async () => {
    const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '1000' }
    // The two segments are larger together, so that the cleaner does not join them.
    const topic = await aTopic({ settings: { ...settings, 'segment.bytes': '1048576' } })
    const send = (timestampMs: number, keys: string, value = 'x'.repeat(100_000)) =>
      sendMessages(
        kafkaBrokers(),
        topic,
        Array.from(keys, (key) => ({ key, value, timestampMs })),
      )
    await send(0, 'abcdef')
    await send(0, 'k', 'of a producer that sends nothing else')
    await send(60_000, 'ghijklk')
    await send(120_000, 'z')
    await eventually(async () => (await readCommitted(kafkaBrokers(), topic)).every(({ offset }) => offset !== 6n), {
      what: 'the first value of k is compacted away',
    })
    const [{ end }] = (await partitionEnds(kafka(), [topic])) as [PartitionEnds]
    const member = aMember({ topic })
    await member.until(async () => (await nextOffsets(topic))[0] === end)
    await member.leave()

    expect(member.offsets.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 7, 8])
    const trained = await readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 100, seed: 1 })
    expect(trained.seen).toBe(member.offsets.length)
  }, 90_000)
})

describe.concurrent('partitions that are added', () => {
  it('issue 17.22: begin at their first record under `from: latest`, and are read without a restart', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 5)
    const member = aMember({ topic, from: 'latest' })
    await member.until(() => member.sought.length === 1)
    await addPartitions(topic, 3)
    await produce(topic, 0, 20, 1)
    await produce(topic, 0, 20, 2)
    await member.until(() => member.offsets.length === 40)
    await member.leave()

    expect(member.offsets.toSorted((a, b) => a - b)).toEqual(range(0, 20).flatMap((offset) => [offset, offset]))
  })

  it('issue 17.22: begin at their first record when the topic has been read by a member that has stopped', async () => {
    const topic = await aTopic({ partitions: 2 })
    const groupId = aGroup()
    const first = aMember({ topic, groupId, from: 'latest' })
    await first.until(() => first.sought.length === 2)
    await first.leave()
    await addPartitions(topic, 3)
    // Partition 1 had no record yet, and was started at its end nevertheless.
    for (const partition of [1, 2]) await produce(topic, 0, 20, partition)
    await readAndLeave({ topic, groupId, from: 'latest' }, 40)

    expect(await countersOf(topic)).toMatchObject([{ received: 0 }, { received: 20 }, { received: 20 }])
  })
})

/** Returns when the broker reports the new partitions: a message for one that a producer does not find goes to another. */
async function addPartitions(topic: string, count: number): Promise<void> {
  await withAdmin(kafkaBrokers(), (admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }))
  await eventually(async () => (await describeTopics(kafka(), [topic])).get(topic) === count, {
    what: `${topic} has ${count} partitions`,
  })
}

const createAgain = (topic: string) =>
  withAdmin(kafkaBrokers(), async (admin) => {
    await admin.deleteTopics({ topics: [topic] })
    await eventually(async () => !(await admin.listTopics()).includes(topic), { what: `${topic} is deleted` })
    await createTopics(admin, [{ topic, numPartitions: 1 }])
  })

/** Sends records of one key, so that compaction removes all but the last. */
const produceKey = (topic: string, from: number, to: number) =>
  sendMessages(
    kafkaBrokers(),
    topic,
    range(from, to).map((value) => ({ ...message(topic, value), key: 'key' })),
  )
