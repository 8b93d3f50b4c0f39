import { setImmediate as turn } from 'node:timers/promises'
import type { Gap } from '@outflow/contracts'
import type { EachBatchPayload } from 'kafkajs'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, TopicUnknown } from '../errors.js'
import { RecordList } from '../kafkajs-internals/fetched-records.js'
import { UnreadableRecord } from '../kafkajs-internals/unreadable-record.js'
import type { Delivery } from './delivery.js'
import { GroupMember } from './group-member.js'
import { positionsInMemory } from './positions.js'

vi.mock('@outflow/errors/retrying', async (original) => ({ ...(await original<object>()), pause: () => turn() }))

const TOPIC = 'flights'

/** A group member with a simulated broker and clock; all partitions, by default one, are assigned to the member. */
async function aMember({ partitions = [0], earliest = 0n, stored = 0n, movesWithDeliveries = false } = {}) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const broker = { topicId: 'first', earliest, end: 100n, failure: null as Error | null, reads: 0 }
  const listeners = new Map<string, (event: { payload: unknown }) => void>()
  const seeks: bigint[] = []
  const deliveries: Delivery[] = []
  const missed: Gap[] = []
  const sought = vi.fn()
  const stop = new AbortController()
  let eachBatch!: (payload: EachBatchPayload) => Promise<void>
  const consumer = {
    events: {
      ...{ GROUP_JOIN: 'join', REBALANCING: 'rebalancing', HEARTBEAT: 'heartbeat', CRASH: 'crash' },
      START_BATCH_PROCESS: 'batch',
    },
    on: (name: string, listener: (event: { payload: unknown }) => void) => void listeners.set(name, listener),
    connect: async () => {},
    subscribe: async () => {},
    run: async (options: { eachBatch: typeof eachBatch }) => {
      eachBatch = options.eachBatch
    },
    seek: ({ offset }: { offset: string }) => void seeks.push(BigInt(offset)),
    commitOffsets: async () => {},
    disconnect: async () => {},
  }
  const admin = {
    connect: async () => {},
    disconnect: async () => {},
    fetchTopicOffsets: async () =>
      partitions.map((partition) => ({ partition, low: String(broker.earliest), high: String(broker.end) })),
  }
  const log = { debug() {}, info() {}, warn: vi.fn(), error() {} }
  const kafka = { log, kafkajs: { consumer: () => consumer, admin: () => admin } }
  const positions = { ...positionsInMemory(), movesWithDeliveries }
  await positions.begin(
    TOPIC,
    new Map(partitions.map((partition) => [partition, { nextOffset: stored, topicId: 'first' }])),
  )
  const member = new GroupMember(
    kafka as unknown as KafkaConnection,
    {
      groupId: 'g',
      topics: [TOPIC],
      from: 'earliest',
      positions,
      hooks: { missed: (gap) => missed.push(gap), sought },
    },
    { deliver: (delivery) => deliveries.push(delivery), stop: stop.signal, abandon: stop.signal },
    {
      read: async () => {
        broker.reads += 1
        if (broker.failure !== null) throw broker.failure
        return broker.topicId
      },
      close: async () => {},
    },
  )
  const running = member.run()
  onTestFinished(async () => {
    stop.abort()
    await running.catch(() => {})
  })
  await turn()
  const join = () => listeners.get('join')!({ payload: { memberAssignment: { [TOPIC]: partitions } } })
  join()
  while (seeks.length === 0) await turn()

  /** Acknowledges the next delivery; resolves after it, or when a position is sought instead. */
  const nextOutcome = async () => {
    const before = { seeks: seeks.length, deliveries: deliveries.length }
    while (deliveries.length === before.deliveries && seeks.length === before.seeks) await turn()
    deliveries.at(-1)?.acknowledge()
  }
  /** A fetch from `fetchedOffset` that returned the records first … last. */
  const fetched = async (fetchedOffset: bigint, first: bigint, last: bigint, onRelease = () => {}) => {
    const records = Array.from(
      { length: Number(last - first) + 1 },
      (_, index) => new UnreadableRecord({} as never, String(first + BigInt(index)), 'a test does not read it'),
    )
    const batch = {
      ...{ topic: TOPIC, partition: 0, fetchedOffset: String(fetchedOffset), highWatermark: String(last + 1n) },
      messages: new RecordList([records], onRelease),
      firstOffset: () => String(first),
      lastOffset: () => String(last),
    }
    const outcome = nextOutcome()
    const payload = { batch, resolveOffset() {}, heartbeat: async () => {}, isStale: () => false }
    const handled = eachBatch(payload as unknown as EachBatchPayload)
    await outcome
    await handled
  }
  /** kafkajs continues after transaction markers without a message. */
  const passedOver = async (firstOffset: bigint, lastOffset: bigint) => {
    const offsets = { firstOffset: String(firstOffset), lastOffset: String(lastOffset), highWatermark: '100' }
    const outcome = nextOutcome()
    listeners.get('batch')!({ payload: { topic: TOPIC, partition: 0, batchSize: 0, ...offsets } })
    await outcome
  }
  const rebalancing = () => listeners.get('rebalancing')!({ payload: {} })
  const heartbeat = (groupGenerationId: number) => listeners.get('heartbeat')!({ payload: { groupGenerationId } })
  return { running, broker, log, seeks, sought, deliveries, missed, fetched, passedOver, join, rebalancing, heartbeat }
}

const rangesOf = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ expectedOffset, nextOffset }) => `${expectedOffset} to ${nextOffset}`)

test('a fetch from the sought position is delivered, even with gaps in its offsets', async () => {
  const { deliveries, seeks, fetched } = await aMember({ stored: 5n })
  await fetched(5n, 8n, 9n)
  expect(rangesOf(deliveries)).toEqual(['5 to 10'])
  expect(seeks).toEqual([5n])
})

test('all partitions of a topic that are set to their stored offsets are reported at once', async () => {
  const { sought } = await aMember({ partitions: [0, 1], stored: 5n })
  const seeks = [0, 1].map((partition) => ({ topic: TOPIC, partition, offset: 5n }))
  expect(sought.mock.calls).toEqual([[seeks]])
})

test('fetched records are released when their delivery is acknowledged', async () => {
  const { fetched } = await aMember()
  const release = vi.fn()
  await fetched(0n, 0n, 1n, release)
  await fetched(99n, 99n, 99n, () => expect.fail('it was not delivered'))
  expect(release).toHaveBeenCalledTimes(1)
})

test.each([
  ['before', 3n],
  ['behind', 7n],
])(
  'issue 17: a fetch that answers for a position %s the one that was sought is discarded, and sought again',
  async (_, at) => {
    const { deliveries, seeks, fetched } = await aMember({ stored: 5n })
    await fetched(at, at, 9n)
    expect(deliveries).toEqual([])
    expect(seeks).toEqual([5n, 5n])
  },
)

test('transaction markers are a delivery without records, and the fetch after them is another', async () => {
  const { deliveries, seeks, fetched, passedOver } = await aMember({ stored: 5n })
  await passedOver(5n, 7n)
  expect(deliveries.map(({ records }) => records.length)).toEqual([0])
  await fetched(8n, 8n, 9n)
  expect(rangesOf(deliveries)).toEqual(['5 to 8', '8 to 10'])
  expect(seeks).toEqual([5n])
})

test('transaction markers that follow compacted records are passed over when a fetch from the position returns them again', async () => {
  const { deliveries, seeks, fetched, passedOver } = await aMember({ stored: 5n })
  await passedOver(6n, 7n)
  expect(deliveries).toEqual([])
  await passedOver(6n, 7n)
  await fetched(8n, 8n, 9n)
  expect(rangesOf(deliveries)).toEqual(['5 to 8', '8 to 10'])
  expect(seeks).toEqual([5n, 5n])
})

test('after a partition was set back, transaction markers of an earlier fetch do not pass over its records', async () => {
  const { deliveries, fetched, passedOver } = await aMember({ stored: 5n })
  await passedOver(8n, 8n)
  await fetched(5n, 5n, 7n)
  await passedOver(8n, 8n)
  expect(rangesOf(deliveries)).toEqual(['5 to 8', '8 to 9'])
})

test('transaction markers that were fetched before the partition was set to its position are not delivered', async () => {
  const { deliveries, fetched, passedOver } = await aMember({ stored: 5n })
  const passed = passedOver(3n, 4n)
  await fetched(5n, 5n, 5n)
  await passed
  expect(rangesOf(deliveries)).toEqual(['5 to 6'])
})

test('issue 23: records that retention has deleted before transaction markers are a gap', async () => {
  const { broker, deliveries, seeks, missed, fetched, passedOver } = await aMember({ stored: 5n })
  broker.earliest = 7n
  await passedOver(7n, 7n)
  await fetched(8n, 8n, 9n)
  expect(deliveries).toEqual([])
  expect(seeks).toEqual([5n, 7n, 7n])
  expect(missed).toMatchObject([{ kind: 'retention', stored: { nextOffset: 5n }, next: { nextOffset: 7n } }])
})

test('issue 17.21: a fetch from a recreated topic is discarded, and the beginning of the topic is sought', async () => {
  const { broker, deliveries, seeks, missed, fetched } = await aMember({ stored: 5n })
  broker.topicId = 'second'
  await fetched(5n, 5n, 9n)
  expect(deliveries).toEqual([])
  expect(seeks).toEqual([5n, 0n])
  expect(missed).toMatchObject([
    { kind: 'recreated', stored: { nextOffset: 5n }, next: { nextOffset: 0n, topicId: 'second' } },
  ])
})

test('the wait for a deleted topic is logged after pauses that double, and again for another failure (it was logged twice a second)', async () => {
  const { broker, log, seeks, join } = await aMember({ stored: 5n })
  broker.failure = new TopicUnknown([TOPIC])
  broker.reads = 0
  join()
  while (broker.reads < 17) await turn()
  expect(log.warn).toHaveBeenCalledTimes(5)
  broker.failure = new BrokerUnavailable('Kafka is not available')
  while (broker.reads < 18) await turn()
  broker.failure = null
  while (seeks.length === 1) await turn()
  expect(log.warn.mock.calls.map(([{ error }]) => error.code)).toEqual([
    ...Array(5).fill('OUTFLOW_BROKER_TOPIC_UNKNOWN'),
    'OUTFLOW_BROKER_UNAVAILABLE',
  ])
})

test('a wait that lasts over rebalances is logged after pauses that double (each of several a second logged it again)', async () => {
  const { broker, log, join } = await aMember({ stored: 5n })
  broker.failure = new BrokerUnavailable('this server is not the leader')
  broker.reads = 0
  for (let rebalances = 1; rebalances <= 16; rebalances++) {
    join()
    while (broker.reads < rebalances) await turn()
  }
  await turn()
  expect(log.warn.mock.calls.length).toBeLessThanOrEqual(6)
})

test('issue 23: a partition without new records is set back if the store has lost a confirmed write', async () => {
  const member = await aMember({ movesWithDeliveries: true })
  // The stored position does not move, as if the write had been undone.
  await member.fetched(0n, 0n, 4n)
  expect(member.seeks).toEqual([0n])
  vi.advanceTimersByTime(10_000)
  while (member.seeks.length === 1) await turn()
  expect(member.seeks).toEqual([0n, 0n])
})

test('transaction markers that were delivered once do not pass over records after their partition was set back', async () => {
  const { deliveries, seeks, fetched, passedOver } = await aMember({ movesWithDeliveries: true })
  await passedOver(3n, 3n)
  await fetched(0n, 0n, 2n)
  await passedOver(3n, 3n)
  vi.advanceTimersByTime(10_000)
  while (seeks.length === 2) await turn()
  await passedOver(3n, 3n)
  expect(seeks).toEqual([0n, 0n, 0n, 0n])
  expect(rangesOf(deliveries)).toEqual(['0 to 3', '3 to 4'])
})

test('issue 23: a partition of a recreated topic that ends at the position of the former one is read from its beginning', async () => {
  const { broker, seeks, missed } = await aMember({ stored: 100n, movesWithDeliveries: true })
  broker.topicId = 'second'
  vi.advanceTimersByTime(10_000)
  while (seeks.length < 2) await turn()
  expect(seeks).toEqual([100n, 0n])
  expect(missed).toMatchObject([{ kind: 'recreated', next: { nextOffset: 0n, topicId: 'second' } }])
})

const LOST = 'the assignment of partitions was lost'

test('issue 23: a member that kafkajs leaves in a generation without its assignment ends, and another one joins', async () => {
  const { running, heartbeat } = await aMember()
  heartbeat(1)
  heartbeat(1)
  heartbeat(2)
  await expect(running).rejects.toThrow(LOST)
})

test('issue 23: a member whose assignment is lost before its first heartbeat ends as well', async () => {
  const { running, rebalancing, heartbeat } = await aMember()
  rebalancing()
  heartbeat(2)
  await expect(running).rejects.toThrow(LOST)
})

test('a member that receives its assignment after each rebalance stays', async () => {
  const { running, deliveries, fetched, join, rebalancing, heartbeat } = await aMember()
  heartbeat(1)
  rebalancing()
  join()
  heartbeat(2)
  join()
  heartbeat(3)
  await fetched(0n, 0n, 1n)
  expect(deliveries).toHaveLength(1)
  await expect(Promise.race([running, 'runs'])).resolves.toBe('runs')
})
