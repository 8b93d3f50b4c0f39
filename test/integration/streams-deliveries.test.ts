import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Delivery,
  ensureTopics,
  makeKafka,
  makeProducer,
  makeTransactionalSender,
  OffsetBeyondLog,
} from '@outflow/streams'
import { describe, expect, it, vi } from 'vitest'
import { pool } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import {
  aMember,
  kafka,
  message,
  nextOffsets,
  PIPELINE,
  produce,
  range,
  readAndLeave,
  received,
  write,
} from '../support/counting-member.js'
import { aGroup, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { aLateBroker } from '../support/late-broker.js'

// Concurrent: each has its own topic and group, and one takes longer than a session.
describe.concurrent('deliveries', () => {
  it('begins at the stored offset, whatever the group has committed', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 20)
    await readAndLeave({ topic, groupId }, 20)
    await pool.query('update outflow.offsets set next_offset = 12 where topic = $1', [topic])

    const second = await readAndLeave({ topic, groupId }, 8)

    expect(second.offsets).toEqual(range(12, 20))
  })

  it('begins at the earliest record when nothing is stored, although the group has committed', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 5)
    await readAndLeave({ topic, groupId }, 5)
    await pool.query('delete from outflow.offsets where topic = $1', [topic])

    const second = await readAndLeave({ topic, groupId }, 5)

    expect(second.offsets).toEqual(range(0, 5))
  })

  it('with from: latest, reads the records after it joined', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 5)
    const member = aMember({ topic, from: 'latest' })
    await member.until(() => member.sought.length === 1)
    await produce(topic, 5, 8)
    await member.until(() => member.offsets.length === 3)
    await member.leave()

    expect(member.offsets).toEqual([5, 6, 7])
  })

  it('emits no second delivery of a partition while the first is processed', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 300)
    const open: string[] = []
    let most = 0
    const member = aMember({
      topic,
      maxBytesPerPartition: 500,
      work: async (delivery) => {
        open.push(delivery.partitionKey)
        most = Math.max(most, open.length)
        await sleep(20)
        open.pop()
      },
    })
    await produce(topic, 300, 310)
    await member.until(() => member.offsets.length === 310)
    await member.leave()

    expect(most).toBe(1)
    expect(member.offsets).toEqual(range(0, 310))
  })

  it('fetches the records after a delivery while it is processed', async () => {
    const topic = await aTopic()
    const producer = await makeProducer(kafka())
    let end = 0
    // Each request is its own batch, and a fetch returns whole ones.
    for (; end < 30; end++) await producer.send([message(topic, end)])
    let fetchedBefore = 0
    const member = aMember({
      topic,
      maxBytesPerPartition: 1,
      work: async ({ highWatermark }) => {
        // If it were fetched after the earlier delivery had ended, it would contain all records that were sent meanwhile.
        if (highWatermark < end) fetchedBefore += 1
        // One after another: a fetch that began with the processing is answered before the last of them.
        for (const last = end + 10; end < last; end++) await producer.send([message(topic, end)])
      },
    })
    await member.until(() => member.offsets.length > 30)
    await member.leave()
    await producer.close()

    expect(fetchedBefore).toBeGreaterThan(0)
    expect(member.offsets).toEqual(range(0, member.offsets.length))
  })

  it('finishes the delivery in flight before it leaves the group, and emits nothing that was fetched ahead', async () => {
    const topic = await aTopic()
    for (let from = 0; from < 300; from += 10) await produce(topic, from, from + 10)
    const groupId = aGroup()
    let working = false
    const member = aMember({
      topic,
      groupId,
      maxBytesPerPartition: 500,
      work: async () => {
        working = true
        await sleep(100)
        void member.leave()
        await sleep(100)
        working = false
      },
    })
    await member.done
    expect({ begun: member.begun, working }).toEqual({ begun: 1, working: false })
    const successor = aMember({ topic, groupId })
    await successor.until(async () => (await received(topic)) === 300)
    await successor.leave()

    expect([...member.offsets, ...successor.offsets]).toEqual(range(0, 300))
    expect(successor.assignments).toEqual([1])
  })

  it('stays in the group while a delivery takes longer than the session timeout', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    const work = (delivery: Delivery) => sleep(delivery.expectedOffset === 0n ? 12_000 : 0)
    const member = aMember({ topic, work })
    await member.until(() => member.offsets.length === 3)
    await produce(topic, 3, 4)
    await member.until(() => member.offsets.length === 4)
    await member.leave()

    expect(member.offsets).toEqual([0, 1, 2, 3])
    expect(member.assignments).toHaveLength(1)
  })

  it('continues after a superseded delivery at the stored offset', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 10)
    let disturbed = false
    const member = aMember({
      topic,
      work: async () => {
        if (disturbed) return
        disturbed = true
        // Another instance has written six records.
        expect(await write(topic, 0, 0n, 6n, 6)).toBe('written')
      },
    })
    await member.until(() => member.offsets.length === 4)
    await member.leave()

    expect(member.offsets).toEqual([6, 7, 8, 9])
    expect(await received(topic)).toBe(10)
  })

  it('counts transaction markers into nextOffset, and skips records of aborted transactions', async () => {
    const topic = await aTopic()
    const sender = await makeTransactionalSender(kafka(), {
      transactionalId: aGroup(),
      mark: { groupId: aGroup(), topic, partition: 0 },
    })
    await sender.send([message(topic, 0), message(topic, 1)], 1n) // offsets 0, 1 and the marker 2
    await sender.send([message(topic, 2)], 2n) // offset 3 and the marker 4
    await sender.close()

    const member = await readAndLeave({ topic }, 3)

    expect(member.offsets).toEqual([0, 1, 3])
    expect(await nextOffsets(topic)).toEqual([5n])
    expect(await received(topic)).toBe(3)
  })

  it('moves the position past an aborted transaction at the end of a partition (lag and the health event detector_silent stayed)', async () => {
    const topic = await aTopic()
    const mark = { groupId: aGroup(), topic, partition: 0 }
    const sender = await makeTransactionalSender(kafka(), { transactionalId: aGroup(), mark })
    await sender.send([message(topic, 0)], 1n) // offset 0 and the marker 1
    const member = aMember({ topic })
    await member.until(() => member.offsets.length === 1)

    const failing = sender.send([message(topic, 1)], 2n, () => Promise.reject(new Error('the transaction is aborted'))) // 2 and the marker 3
    await expect(failing).rejects.toThrow('the transaction is aborted')
    await sender.close()
    await member.until(async () => (await nextOffsets(topic))[0] === 4n)
    await member.leave()

    expect(member.offsets).toEqual([0])
    expect(await received(topic)).toBe(1)
  })

  it('shares partitions with a second member that joins and leaves, and each record is counted once', async () => {
    const topic = await aTopic({ partitions: 4 })
    const groupId = aGroup()
    const feeding = await feedUntilStopped(topic, 4)
    const first = aMember({ topic, groupId, work: () => sleep(5) })
    await first.until(() => first.offsets.length > 200)
    const second = aMember({ topic, groupId, work: () => sleep(5) })
    await second.until(() => second.offsets.length > 200)
    const firstBefore = first.offsets.length
    await first.until(() => first.offsets.length > firstBefore + 200)
    await second.leave()
    await first.until(() => first.assignments.at(-1) === 4)
    const fed = await feeding.stop()
    await first.until(async () => (await received(topic)) === fed)
    await first.leave()

    expect(first.assignments).toEqual([4, 2, 4])
    expect(first.offsets.length + second.offsets.length).toBe(fed)
    expect(await received(topic)).toBe(fed)
  })

  it('logs topics of another configuration with the same pipeline name, whose partitions are not read', async () => {
    const [topic, other] = await Promise.all([aTopic({ partitions: 4 }), aTopic({ partitions: 4 })])
    const groupId = aGroup()
    const warn = vi.fn()
    const connectionOf = () => makeKafka({ brokers: kafkaBrokers(), clientId: 'test', log: { debug: () => {}, warn } })
    const first = aMember({ topic, groupId, connection: connectionOf() })
    await first.until(() => first.assignments.length > 0)
    const second = aMember({ topic: other, groupId, connection: connectionOf() })
    const isLogged = ([, event]: unknown[]) => event === 'topics not read'
    await first.until(() => warn.mock.calls.some(isLogged))
    await Promise.all([first.leave(), second.leave()])

    // Kafka chooses the member that assigns, and that one assigns partitions of its own topic to both.
    const bothWays = [
      { topics: [other], subscribed: [topic] },
      { topics: [topic], subscribed: [other] },
    ]
    expect(bothWays).toContainEqual(warn.mock.calls.find(isLogged)![0])
  })

  it('loses and doubles nothing when a member is unsubscribed in mid-delivery', async () => {
    const topic = await aTopic({ partitions: 2 })
    const groupId = aGroup()
    await produce(topic, 0, 400)
    const abandoned = aMember({ topic, groupId, work: () => new Promise(() => {}) })
    await abandoned.until(() => abandoned.begun > 0)
    abandoned.unsubscribe()
    const member = aMember({ topic, groupId })
    await member.until(async () => (await received(topic)) === 400)
    await member.leave()

    expect(await received(topic)).toBe(400)
  })

  it('ends with the error of a failed delivery, and does not advance the offset', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    const member = aMember({
      topic,
      work: async () => {
        throw new Error('the model is damaged')
      },
    })

    await expect(member.done).rejects.toThrow('the model is damaged')
    expect(await nextOffsets(topic)).toEqual([0n])
  })

  it('throws for a stored offset beyond the end of the partition', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    await beginPartition(pool, { pipeline: PIPELINE, topic })
    await write(topic, 0, 0n, 50n, 50)
    const member = aMember({ topic })

    await expect(member.done).rejects.toBeInstanceOf(OffsetBeyondLog)
  })

  it('waits for a topic that does not exist yet', async () => {
    const topic = aGroup()
    const member = aMember({ topic })
    await member.until(() => member.restarts > 0)
    await ensureTopics(kafka(), [{ topic, partitions: 1 }])
    await produce(topic, 0, 2)
    await member.until(() => member.offsets.length === 2)
    await member.leave()

    expect(member.offsets).toEqual([0, 1])
  })
})

it('issue 23: reads a partition although the response that assigns it is lost', async () => {
  const topic = await aTopic({ partitions: 2 })
  const groupId = aGroup()
  let isLosing = false
  const late = await aLateBroker(kafkaBrokers()[0]!, (request) => {
    if (!isLosing || request !== 'SyncGroup') return null
    isLosing = false
    return { kind: 'lost answer' }
  })
  const first = aMember({ topic, groupId, connection: makeKafka({ brokers: late.brokers, clientId: 'test' }) })
  const second = aMember({ topic, groupId })
  await first.until(() => first.assignments.at(-1) === 1 && second.assignments.at(-1) === 1)
  isLosing = true
  await second.leave()
  for (const partition of [0, 1]) await produce(topic, 0, 5, partition)
  await first.until(async () => (await received(topic)) === 10)
  await first.leave()

  expect(await nextOffsets(topic)).toEqual([5n, 5n])
  expect([...late.faults]).toEqual([['SyncGroup: lost answer', 1]])
})

/**
 * Sends records to all partitions, at most a thousand a second, until stopped. Begins with a record in each partition: a fetch from a new
 * partition whose log does not exist yet makes kafkajs join again.
 */
async function feedUntilStopped(topic: string, partitions: number): Promise<{ stop(): Promise<number> }> {
  const producer = await makeProducer(kafka())
  let fed = 0
  const feed = async () => {
    await producer.send(range(fed, fed + 20).map((value) => message(topic, value, value % partitions)))
    fed += 20
  }
  await feed()
  let stopped = false
  const feeding = (async () => {
    while (!stopped) {
      await feed()
      await sleep(20)
    }
    await producer.close()
    return fed
  })()
  return {
    stop() {
      stopped = true
      return feeding
    },
  }
}
