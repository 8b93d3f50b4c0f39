import { setTimeout as sleep } from 'node:timers/promises'
import { openPool, type Pool } from '@outflow/store'
import { partitionCounters, writeBatch } from '@outflow/store/batch'
import {
  createTopics,
  type DeliveriesOptions,
  type Delivery,
  deliveries,
  ensureTopics,
  type Gap,
  makeKafka,
  makeProducer,
  makeTransactionalSender,
  OffsetBeyondLog,
  type PartitionEnds,
  partitionEnds,
} from '@outflow/streams'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { positionsOf } from '../../services/ingest/src/positions.js'
import { beginPartition } from '../support/begin-partition.js'
import { aDatabase, aGroup, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { readCommitted } from '../support/topic-reader.js'

const PIPELINE = 'flights'

let pool: Pool
const kafka = () => makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })

beforeAll(async () => {
  pool = openPool(await aDatabase())
})
afterAll(() => pool.end())

describe('deliveries', () => {
  it('begins at the stored offset, wherever the group stands', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 20)
    const first = aMember({ topic, groupId })
    await first.until(() => first.offsets.length === 20)
    await first.leave()
    await pool.query('update outflow.offsets set next_offset = 12 where topic = $1', [topic])

    const second = aMember({ topic, groupId })
    await second.until(() => second.offsets.length === 8)
    await second.leave()

    expect(second.offsets).toEqual(range(12, 20))
  })

  it('begins at the earliest record when nothing is stored, though the group has committed', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 5)
    const first = aMember({ topic, groupId })
    await first.until(() => first.offsets.length === 5)
    await first.leave()
    await pool.query('delete from outflow.offsets where topic = $1', [topic])

    const second = aMember({ topic, groupId })
    await second.until(() => second.offsets.length === 5)
    await second.leave()

    expect(second.offsets).toEqual(range(0, 5))
  })

  it('from latest, reads what comes after it joined', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 5)
    const member = aMember({ topic, groupId: aGroup(), from: 'latest' })
    await member.until(() => member.sought.length === 1)
    await produce(topic, 5, 8)
    await member.until(() => member.offsets.length === 3)
    await member.leave()

    expect(member.offsets).toEqual([5, 6, 7])
  })

  it('hands out no second delivery of a partition while the first is worked on', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 300)
    const open: string[] = []
    let most = 0
    const member = aMember({
      topic,
      groupId: aGroup(),
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

  it('fetches what lies behind a delivery while that is worked on', async () => {
    const topic = await aTopic()
    const producer = await makeProducer(kafka())
    let end = 0
    // Each request is a batch to itself, and a fetch takes whole ones.
    for (; end < 30; end++) await producer.send([message(topic, end)])
    let fetchedBefore = 0
    const member = aMember({
      topic,
      groupId: aGroup(),
      maxBytesPerPartition: 1,
      work: async ({ highWatermark }) => {
        // Fetched when the delivery before had ended, it would know of all the records that were sent during that.
        if (highWatermark < end) fetchedBefore += 1
        // One after another: a fetch that began with the work is answered before the last of them.
        for (const last = end + 10; end < last; end++) await producer.send([message(topic, end)])
      },
    })
    await member.until(() => member.offsets.length > 30)
    await member.leave()
    await producer.close()

    expect(fetchedBefore).toBeGreaterThan(0)
    expect(member.offsets).toEqual(range(0, member.offsets.length))
  })

  it('ends what it has in flight before it leaves, and hands out nothing that was fetched ahead', async () => {
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
    const heir = aMember({ topic, groupId })
    await heir.until(async () => (await received(topic)) === 300)
    await heir.leave()

    expect([...member.offsets, ...heir.offsets]).toEqual(range(0, 300))
    expect(heir.assignments).toEqual([1])
  })

  it('stays in the group while a delivery takes longer than the session timeout', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    const work = (delivery: Delivery) => sleep(delivery.expectedOffset === 0n ? 9_000 : 0)
    const member = aMember({ topic, groupId: aGroup(), sessionTimeoutMs: 6_000, work })
    await member.until(() => member.offsets.length === 3)
    await produce(topic, 3, 4)
    await member.until(() => member.offsets.length === 4)
    await member.leave()

    expect(member.offsets).toEqual([0, 1, 2, 3])
    expect(member.assignments).toHaveLength(1)
  })

  it('repositions a superseded delivery to where the store stands', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 10)
    let disturbed = false
    const member = aMember({
      topic,
      groupId: aGroup(),
      work: async () => {
        if (disturbed) return
        disturbed = true
        // Another instance was faster by six records.
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

    const member = aMember({ topic, groupId: aGroup() })
    await member.until(() => member.offsets.length === 3)
    await member.leave()

    expect(member.offsets).toEqual([0, 1, 3])
    expect(await nextOffsets(topic)).toEqual([5n])
    expect(await received(topic)).toBe(3)
  })

  it('shares partitions with a second member that joins and leaves, each record counted once', async () => {
    const topic = await aTopic({ partitions: 4 })
    const groupId = aGroup()
    const feeding = feedUntilStopped(topic, 4)
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

  it('loses and doubles nothing when a member is unsubscribed in mid-delivery', async () => {
    const topic = await aTopic({ partitions: 2 })
    const groupId = aGroup()
    await produce(topic, 0, 400)
    const abandoned = aMember({ topic, groupId, work: () => sleep(1_000_000) })
    await abandoned.until(() => abandoned.begun > 0)
    abandoned.unsubscribe()
    const member = aMember({ topic, groupId })
    await member.until(async () => (await received(topic)) === 400)
    await member.leave()

    expect(await received(topic)).toBe(400)
  })

  it('ends with the error that a delivery failed with, the offset unmoved', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    const member = aMember({
      topic,
      groupId: aGroup(),
      work: async () => {
        throw new Error('the model is damaged')
      },
    })

    await expect(member.done).rejects.toThrow('the model is damaged')
    expect(await nextOffsets(topic)).toEqual([0n])
  })

  it('refuses a stored offset beyond the end of the partition', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 3)
    await beginPartition(pool, { pipeline: PIPELINE, topic })
    await write(topic, 0, 0n, 50n, 50)
    const member = aMember({ topic, groupId: aGroup() })

    await expect(member.done).rejects.toBeInstanceOf(OffsetBeyondLog)
  })

  it('waits for a topic that is not there yet', async () => {
    const topic = aGroup()
    const member = aMember({ topic, groupId: aGroup() })
    await member.until(() => member.restarts > 0)
    await ensureTopics(kafka(), [{ topic, partitions: 1 }])
    await produce(topic, 0, 2)
    await member.until(() => member.offsets.length === 2)
    await member.leave()

    expect(member.offsets).toEqual([0, 1])
  })
})

describe('records that are not there any more', () => {
  it('issue 17.21: what retention deletes under a running member is missed, with both offsets, and counted once', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 10)
    const member = aMember({
      topic,
      groupId: aGroup(),
      work: async ({ expectedOffset }) => {
        if (expectedOffset !== 0n) return
        await produce(topic, 10, 100)
        await deleteRecords(topic, 60)
      },
    })
    await member.until(() => member.offsets.length === 50)
    await member.leave()

    expect(member.offsets).toEqual([...range(0, 10), ...range(60, 100)])
    expect(member.missed).toEqual([gapOf('retention', 10n, 60n, 50n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 100n, received: 50, missed: 50 }])
  })

  it('issue 17.21: what retention deletes under a stopped member is missed', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 10)
    const first = aMember({ topic, groupId })
    await first.until(() => first.offsets.length === 10)
    await first.leave()
    await produce(topic, 10, 100)
    await deleteRecords(topic, 60)
    const second = aMember({ topic, groupId })
    await second.until(() => second.offsets.length === 40)
    await second.leave()

    expect(second.missed).toEqual([gapOf('retention', 10n, 60n, 50n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 100n, received: 50, missed: 50 }])
  })

  it('issue 17.21: a topic that is created again between two fetches is read from its beginning', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 25)
    const member = aMember({
      topic,
      groupId: aGroup(),
      work: async () => {
        if (member.begun > 1) return
        await createAgain(topic)
        await produce(topic, 0, 45)
      },
    })
    await member.until(() => member.offsets.length === 70)
    await member.leave()

    expect(member.offsets).toEqual([...range(0, 25), ...range(0, 45)])
    expect(member.missed).toEqual([gapOf('recreated', 25n, 0n, 0n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 45n, received: 70, missed: 0 }])
  })

  it('issue 17.21: a topic that is created again while a member waits for records is read from its beginning', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 25)
    const member = aMember({ topic, groupId: aGroup() })
    await member.until(() => member.offsets.length === 25)
    await createAgain(topic)
    await produce(topic, 0, 45)
    await member.until(() => member.offsets.length === 70)
    await member.leave()

    expect(member.offsets).toEqual([...range(0, 25), ...range(0, 45)])
    expect(member.missed).toEqual([gapOf('recreated', 25n, 0n, 0n)])
  })

  it('issue 17.21: a topic that was created again while no member ran is read from its beginning', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    await produce(topic, 0, 25)
    const first = aMember({ topic, groupId })
    await first.until(() => first.offsets.length === 25)
    await first.leave()
    await createAgain(topic)
    await produce(topic, 0, 45)
    await deleteRecords(topic, 5)
    const second = aMember({ topic, groupId })
    await second.until(() => second.offsets.length === 40)
    await second.leave()

    expect(second.offsets).toEqual(range(5, 45))
    expect(second.missed).toEqual([gapOf('recreated', 25n, 5n, 5n)])
    expect(await countersOf(topic)).toEqual([{ nextOffset: 45n, received: 65, missed: 5 }])
  })

  it('issue 17.21: offsets that compaction has emptied are not missed', async () => {
    const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '100' }
    const topic = await aTopic({ settings })
    const groupId = aGroup()
    await produceKey(topic, 0, 5)
    const first = aMember({ topic, groupId })
    await first.until(() => first.offsets.length === 5)
    await first.leave()
    await produceKey(topic, 5, 50)
    // Each look writes a mark, which closes the segment before it.
    await eventually(async () => (await readCommitted(kafkaBrokers(), topic)).every(({ offset }) => offset > 20n))
    const [{ end }] = (await partitionEnds(kafka(), [topic])) as [PartitionEnds]
    const second = aMember({ topic, groupId })
    await second.until(async () => (await nextOffsets(topic))[0] === end)
    await second.leave()

    expect(second.offsets[0]).toBeGreaterThan(5)
    expect(second.missed).toEqual([])
  }, 90_000)
})

describe('partitions that are added', () => {
  it('issue 17.22: begin at their first record under `from: latest`, and are read within 30 s', async () => {
    const topic = await aTopic()
    await produce(topic, 0, 5)
    const member = aMember({ topic, groupId: aGroup(), from: 'latest' })
    await member.until(() => member.sought.length === 1)
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }))
    const addedAt = Date.now()
    await producePartition(topic, 1, 0, 20)
    await producePartition(topic, 2, 0, 20)
    await member.until(() => member.offsets.length === 40)
    const tookMs = Date.now() - addedAt
    await member.leave()

    expect(tookMs).toBeLessThan(30_000)
    expect(member.offsets.toSorted((a, b) => a - b)).toEqual(range(0, 20).flatMap((offset) => [offset, offset]))
  })

  it('issue 17.22: begin at their first record when the topic has been read by a member that has stopped', async () => {
    const topic = await aTopic({ partitions: 2 })
    const groupId = aGroup()
    const first = aMember({ topic, groupId, from: 'latest' })
    await first.until(() => first.sought.length === 2)
    await first.leave()
    await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }))
    // Partition 1 had no record yet, and began at its end all the same.
    for (const partition of [1, 2]) await producePartition(topic, partition, 0, 20)
    const second = aMember({ topic, groupId, from: 'latest' })
    await second.until(() => second.offsets.length === 40)
    await second.leave()

    expect(await countersOf(topic)).toMatchObject([{ received: 0 }, { received: 20 }, { received: 20 }])
  })
})

interface MemberOptions extends Partial<DeliveriesOptions> {
  readonly topic: string
  readonly groupId: string
  readonly work?: (delivery: Delivery) => Promise<void>
}

/** A consumer that counts each delivery in Postgres, as ingest does, and remembers the offsets that counted. */
function aMember({ topic, groupId, work, ...options }: MemberOptions) {
  const stop = new AbortController()
  const member = {
    offsets: [] as number[],
    assignments: [] as number[],
    sought: [] as bigint[],
    missed: [] as unknown[],
    restarts: 0,
    begun: 0,
    done: Promise.resolve(),
    unsubscribe: () => {},
    leave: () => {
      stop.abort()
      return member.done
    },
    until: (condition: () => boolean | Promise<boolean>) => Promise.race([eventually(condition), member.done]),
  }
  const handle = async (delivery: Delivery) => {
    member.begun += 1
    try {
      await work?.(delivery)
      const { partition, expectedOffset, nextOffset, records } = delivery
      const outcome = await write(topic, partition, expectedOffset, nextOffset, records.length)
      if (outcome === 'superseded') return delivery.reposition()
      member.offsets.push(...records.map(({ offset }) => Number(offset)))
      delivery.acknowledge()
    } catch (error: unknown) {
      delivery.fail(error)
    }
  }
  member.done = new Promise((resolve, reject) => {
    const subscription = deliveries(kafka(), {
      groupId,
      topics: [topic],
      from: 'earliest',
      positions: positionsOf(pool, PIPELINE),
      signal: stop.signal,
      hooks: {
        assigned: (partitions) => member.assignments.push(partitions.length),
        sought: ({ offset }) => member.sought.push(offset),
        missed: ({ kind, stored, next, missed }) =>
          member.missed.push(gapOf(kind, stored.nextOffset, next.nextOffset, missed)),
        restarting: () => {
          member.restarts += 1
        },
      },
      ...options,
    }).subscribe({ next: handle, error: reject, complete: resolve })
    member.unsubscribe = () => subscription.unsubscribe()
  })
  member.done.catch(() => {})
  return member
}

function write(topic: string, partition: number, expectedOffset: bigint, nextOffset: bigint, count: number) {
  return writeBatch(pool, {
    pipeline: PIPELINE,
    topic,
    partition,
    expectedOffset,
    nextOffset,
    received: count,
    scored: count,
    anomalies: [],
    deadLetters: [],
    outbox: [],
    scores: [],
    rejections: [],
  })
}

async function received(topic: string): Promise<number> {
  const counters = await partitionCounters(pool, PIPELINE)
  return counters.filter((at) => at.topic === topic).reduce((sum, at) => sum + at.received, 0)
}

const gapOf = (kind: Gap['kind'], from: bigint, to: bigint, missed: bigint) => ({ kind, from, to, missed })

async function countersOf(topic: string) {
  const counters = await partitionCounters(pool, PIPELINE)
  return counters
    .filter((at) => at.topic === topic)
    .map(({ nextOffset, received, missed }) => ({ nextOffset, received, missed }))
}

async function withAdmin<T>(act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [...kafkaBrokers()], clientId: 'test', logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await act(admin)
  } finally {
    await admin.disconnect()
  }
}

const deleteRecords = (topic: string, before: number) =>
  withAdmin(async (admin) => {
    // kafkajs finds the partition's leader only where it has asked about the topic before.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] })
  })

const createAgain = (topic: string) =>
  withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] })
    await eventually(async () => !(await admin.listTopics()).includes(topic))
    await createTopics(admin, [{ topic, numPartitions: 1 }])
  })

/** The stored positions, by partition. */
async function nextOffsets(topic: string): Promise<readonly bigint[]> {
  const counters = await partitionCounters(pool, PIPELINE)
  return counters.filter((at) => at.topic === topic).map(({ nextOffset }) => nextOffset)
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within a minute: ${condition}`)
    await sleep(50)
  }
}

const message = (topic: string, value: number, partition?: number) => ({
  topic,
  key: null,
  value: `{"value":${value}}`,
  ...(partition !== undefined && { partition }),
})

async function produce(topic: string, from: number, to: number): Promise<void> {
  const producer = await makeProducer(kafka())
  await producer.send(range(from, to).map((value) => message(topic, value)))
  await producer.close()
}

async function producePartition(topic: string, partition: number, from: number, to: number): Promise<void> {
  const producer = await makeProducer(kafka())
  await producer.send(range(from, to).map((value) => message(topic, value, partition)))
  await producer.close()
}

/** Records of one key, as compaction wants them. */
async function produceKey(topic: string, from: number, to: number): Promise<void> {
  const producer = await makeProducer(kafka())
  await producer.send(range(from, to).map((value) => ({ ...message(topic, value), key: Buffer.from('key') })))
  await producer.close()
}

/** Spreads records over the partitions, a thousand a second at most, until stopped. */
function feedUntilStopped(topic: string, partitions: number): { stop(): Promise<number> } {
  let stopped = false
  const feeding = (async () => {
    const producer = await makeProducer(kafka())
    let fed = 0
    while (!stopped) {
      await producer.send(range(fed, fed + 20).map((value) => message(topic, value, value % partitions)))
      fed += 20
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

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
