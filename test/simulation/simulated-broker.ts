import { kafkaError, offsetOutOfRange } from './kafka-errors.js'
import { PartitionLog } from './partition-log.js'
import type { Plan } from './plan.js'
import type { Scheduler } from './scheduler.js'
import { SimulatedGroups } from './simulated-groups.js'
import { SimulatedTransactions, type TransactionRequest } from './simulated-transactions.js'

interface Topic {
  id: string
  /** Whether it is deleted: requests to it fail, but its partitions are kept. */
  isDeleted: boolean
  readonly partitions: PartitionLog[]
}

type Requests = Record<string, (request: never) => unknown>

interface Produced {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly firstSequence: number
    readonly messages: readonly {
      readonly key: Buffer | string | null
      readonly value: Buffer | string | null
      readonly headers?: Readonly<Record<string, readonly (Buffer | string)[]>>
      readonly timestamp?: string
    }[]
  }[]
}

interface PartitionsRequest<P> {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly ({ readonly partition: number } & P)[]
  }[]
}

export const HOST = 'simulated'
export const PORT = 9092
const NODE_ID = 0
const CLUSTER_ID = 'simulated'
/** The latest offset, in a request for offsets by time. */
const LATEST = -1
const FETCH_POLL_MS = 20
/** The code of UNKNOWN_TOPIC_OR_PARTITION. */
const UNKNOWN_TOPIC = 3

const makeLogs = (count: number) => Array.from({ length: count }, () => new PartitionLog())

/** A Kafka cluster of one broker. Requests and responses have the decoded form of kafkajs, except that a fetch response has batches, not messages. */
export class SimulatedBroker {
  readonly topics = new Map<string, Topic>()
  /** The logs of topics that were created again since, by topic id. */
  readonly formerLogs = new Map<string, readonly PartitionLog[]>()
  readonly groups: SimulatedGroups
  readonly transactions: SimulatedTransactions
  #topicCount = 0

  constructor(
    private readonly scheduler: Scheduler,
    readonly options: Pick<Plan, 'fetchRecords' | 'codec'>,
  ) {
    this.groups = new SimulatedGroups(scheduler)
    this.transactions = new SimulatedTransactions({
      scheduler,
      groups: this.groups,
      partition: (...at) => this.partition(...at),
    })
  }

  createTopic(topic: string, partitions: number): void {
    this.topics.set(topic, { id: this.#nextId(), isDeleted: false, partitions: makeLogs(partitions) })
  }

  addPartition(topic: string): void {
    this.topics.get(topic)!.partitions.push(...makeLogs(1))
  }

  deleteTopic(topic: string): void {
    this.topics.get(topic)!.isDeleted = true
  }

  /** Creates a deleted topic again, without records and with another id. */
  createAgain(topic: string): void {
    const { id, partitions } = this.topics.get(topic)!
    this.formerLogs.set(id, [...partitions])
    partitions.splice(0, partitions.length, ...makeLogs(partitions.length))
    Object.assign(this.topics.get(topic)!, { id: this.#nextId(), isDeleted: false })
  }

  #nextId(): string {
    return `topic-${++this.#topicCount}`
  }

  partition(topic: string, partition: number): PartitionLog {
    return this.#topic(topic).partitions[partition]!
  }

  /** Handlers, by the method names of kafkajs's `Broker`. */
  readonly requests = {
    metadata: (names: readonly string[] = []) => ({
      ...{
        brokers: [{ nodeId: NODE_ID, host: HOST, port: PORT, rack: null }],
        clusterId: CLUSTER_ID,
        controllerId: NODE_ID,
      },
      topicMetadata: (names.length === 0 ? this.#names() : names).map((topic) => ({
        ...{ topicErrorCode: 0, topic, isInternal: false },
        partitionMetadata: this.#topic(topic).partitions.map((_, partitionId) => ({
          ...{ partitionErrorCode: 0, partitionId, leader: NODE_ID, replicas: [NODE_ID], isr: [NODE_ID] },
        })),
      })),
    }),
    findGroupCoordinator: () => ({ coordinator: { nodeId: NODE_ID, host: HOST, port: PORT } }),
    createTopics: ({ topics }: { topics: readonly { topic: string; numPartitions: number }[] }) => {
      for (const { topic, numPartitions } of topics) if (!this.topics.has(topic)) this.createTopic(topic, numPartitions)
      return {}
    },
    listOffsets: ({ topics }: PartitionsRequest<{ readonly timestamp: number }>) => ({
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, timestamp }) => {
          const log = this.partition(topic, partition)
          return { partition, offset: String(offsetAt(log, timestamp)) }
        }),
      })),
    }),
    fetch: (request: PartitionsRequest<{ readonly fetchOffset: string }> & { readonly maxWaitTime: number }) =>
      this.#fetch(request),
    offsetFetch: ({ groupId, topics }: PartitionsRequest<object> & { readonly groupId: string }) => ({
      // Without topics, all offsets of the group.
      responses: (topics.length === 0 ? this.groups.partitionsWithOffsets(groupId) : topics).map(
        ({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => ({
            partition,
            offset: String(this.groups.offset(groupId, topic, partition)),
          })),
        }),
      ),
    }),
    joinGroup: (request) => this.groups.join(request),
    syncGroup: (request) => this.groups.sync(request),
    deleteGroups: (groupIds: readonly string[]) => ({
      results: groupIds.map((groupId) => ({ groupId, errorCode: 0, error: null })),
    }),
    heartbeat: (request) => this.groups.heartbeat(request),
    leaveGroup: (request) => this.groups.leave(request),
    offsetCommit: (request) => this.groups.commit(request),
    initProducerId: ({
      transactionalId,
      transactionTimeout,
    }: {
      transactionalId?: string
      transactionTimeout: number
    }) => this.transactions.init(transactionalId, transactionTimeout),
    addPartitionsToTxn: (request) => this.transactions.addPartitions(request),
    addOffsetsToTxn: (request) => this.transactions.addOffsets(request),
    txnOffsetCommit: (request) => this.transactions.commitOffsets(request),
    endTxn: (request) => this.transactions.end(request),
    produce: (request: TransactionRequest & { readonly topicData: readonly Produced[] }) => this.#produce(request),
  } satisfies Requests

  /** Ids of all topics, as in version 10 of the metadata response. */
  topicIds(): ReadonlyMap<string, { readonly id: string; readonly errorCode: number }> {
    return new Map(
      [...this.topics].map(([name, { id, isDeleted }]) => [name, { id, errorCode: isDeleted ? UNKNOWN_TOPIC : 0 }]),
    )
  }

  #names(): readonly string[] {
    return [...this.topics.keys()].filter((name) => !this.topics.get(name)!.isDeleted)
  }

  #topic(topic: string): Topic {
    const found = this.topics.get(topic)
    if (found === undefined || found.isDeleted) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return found
  }

  /** Waits for records, up to `maxWaitTime` of the request. */
  async #fetch(
    request: PartitionsRequest<{ readonly fetchOffset: string }> & { readonly maxWaitTime: number },
  ): Promise<object> {
    const untilMs = this.scheduler.nowMs + request.maxWaitTime
    for (;;) {
      const responses = request.topics.map(({ topic, partitions }) => ({
        topicName: topic,
        partitions: partitions.map((asked) => this.#read(topic, asked)),
      }))
      const isEmpty = responses.every(({ partitions }) => partitions.every(({ batches }) => batches.length === 0))
      if (!isEmpty || this.scheduler.nowMs >= untilMs) return { responses }
      await this.scheduler.pause(FETCH_POLL_MS)
    }
  }

  #read(topic: string, { partition, fetchOffset }: { readonly partition: number; readonly fetchOffset: string }) {
    const log = this.partition(topic, partition)
    const from = BigInt(fetchOffset)
    if (from < log.start || from > log.end) throw offsetOutOfRange(topic, partition)
    const { fetchRecords, codec } = this.options
    const { batches, aborted } = log.read(from, 1 + this.scheduler.random.below(fetchRecords), codec !== null)
    return {
      ...{ partition, errorCode: 0, highWatermark: String(log.stableEnd), lastStableOffset: String(log.stableEnd) },
      abortedTransactions: aborted
        .toSorted((a, b) => Number(a.first - b.first))
        .map(({ producerId, first }) => ({ producerId: String(producerId), firstOffset: String(first) })),
      batches,
    }
  }

  #produce(request: TransactionRequest & { readonly topicData: readonly Produced[] }): object {
    const { producerId, producerEpoch, topicData } = request
    const isTransactional = request.transactionalId !== undefined
    const topics = topicData.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.map(({ partition, firstSequence, messages }) => {
        const log = this.partition(topic, partition)
        if (isTransactional && !log.isOpen(producerId)) this.transactions.verify(request, topic, partition)
        const records = messages.map(({ key, value, headers = {}, timestamp }) => ({
          timestampMs: Number(timestamp ?? this.scheduler.nowMs),
          key: bytesOf(key),
          value: bytesOf(value),
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, own]) => [name, own.map((part) => bytesOf(part)!)]),
          ),
        }))
        const baseOffset = log.appendBatch({
          producerId,
          epoch: producerEpoch,
          firstSequence,
          isTransactional,
          records,
        })
        return { partition, errorCode: 0, baseOffset: String(baseOffset), logAppendTime: '-1' }
      }),
    }))
    return { topics }
  }
}

/** Finds an offset by the time of the records, which need not ascend, as a broker does. */
function offsetAt(log: PartitionLog, timestamp: number): bigint {
  if (timestamp === LATEST) return log.stableEnd
  return timestamp < 0 ? log.start : (log.firstSince(timestamp) ?? -1n)
}

const bytesOf = (own: Buffer | string | null) => (own === null ? null : Buffer.from(own))
