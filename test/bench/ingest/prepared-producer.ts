import { once } from 'node:events'
import { connect } from 'node:net'
import { withAdmin } from '../../support/kafkajs.js'
import type { Event } from './events.js'
import { recordBatch, recordBody } from './record-batch.js'

/** Connects to the leaders of a topic, on brokers without TLS and login, to send events with prepared bytes: that leaves the CPU to outflow. */
export async function makePreparedProducer(
  target: { readonly brokers: readonly string[]; readonly topic: string },
  events: readonly Event[],
) {
  const bodies = events.map(recordBody)
  const leaders = await leadersOf(target)
  return {
    /** Sends events to the partitions in turn, with the time of this call; resolves when the leaders have stored them. */
    send: async (from: number, count: number) => {
      const timestampMs = Date.now()
      const ofPartition: Buffer[][] = leaders.map(() => [])
      for (let at = from; at < from + count; at++) {
        ofPartition[at % leaders.length]!.push(bodies[at % bodies.length]!)
      }
      const batches = ofPartition.map((own) => (own.length === 0 ? null : recordBatch(own, timestampMs)))
      await Promise.all(
        [...new Set(leaders)].map((leader) =>
          leader.produce(
            target.topic,
            batches.flatMap((bytes, partition) => (bytes && leaders[partition] === leader ? { partition, bytes } : [])),
          ),
        ),
      )
    },
    close: () => {
      for (const leader of new Set(leaders)) leader.close()
    },
  }
}

interface Batch {
  readonly partition: number
  readonly bytes: Buffer
}

type Leader = Awaited<ReturnType<typeof connectTo>>

/** [partitions]; partitions of one broker share a connection. */
async function leadersOf({
  brokers,
  topic,
}: {
  readonly brokers: readonly string[]
  readonly topic: string
}): Promise<readonly Leader[]> {
  const [cluster, metadata] = await withAdmin(brokers, (admin) =>
    Promise.all([admin.describeCluster(), admin.fetchTopicMetadata({ topics: [topic] })]),
  )
  const byId = new Map<number, Leader>()
  for (const { nodeId, host, port } of cluster.brokers) byId.set(nodeId, await connectTo(host, port))
  const { partitions } = metadata.topics[0]!
  return partitions.toSorted((a, b) => a.partitionId - b.partitionId).map(({ leader }) => byId.get(leader)!)
}

/** One request at a time. */
async function connectTo(host: string, port: number) {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]()
  return {
    /** @throws {Error} when the broker rejects a batch */
    produce: async (topic: string, batches: readonly Batch[]) => {
      if (batches.length === 0) return
      socket.write(produceRequest(topic, batches))
      for (const error of errorsOf(await answerIn(chunks))) {
        if (error !== 0) throw new Error(`the broker rejected a batch with error ${error}`)
      }
    },
    close: () => socket.destroy(),
  }
}

const TIMEOUT_MS = 30_000

/** @see Kafka protocol, Produce, version 7 */
function produceRequest(topic: string, batches: readonly Batch[]): Buffer {
  const partitions = batches.flatMap(({ partition, bytes }) => [int32(partition), int32(bytes.length), bytes])
  const parts = [
    ...[int16(0), int16(7), int32(0), text('bench')],
    ...[int16(-1), int16(1), int32(TIMEOUT_MS)], // no transaction; only the leader acknowledges
    ...[int32(1), text(topic), int32(batches.length), ...partitions],
  ]
  return Buffer.concat([int32(parts.reduce((sum, { length }) => sum + length, 0)), ...parts])
}

/** Resolves with a whole answer, without its length prefix. */
async function answerIn(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let answer = Buffer.alloc(0)
  while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
    const { value, done } = await chunks.next()
    if (done) throw new Error('the broker closed the connection')
    answer = Buffer.concat([answer, value])
  }
  return answer.subarray(4)
}

/** One error code per partition, of an answer about one topic. */
function errorsOf(answer: Buffer): readonly number[] {
  const partitionsAt = 4 + 4 + 2 + answer.readInt16BE(8)
  const count = answer.readInt32BE(partitionsAt)
  return Array.from({ length: count }, (_, at) => answer.readInt16BE(partitionsAt + 4 + at * PARTITION_BYTES + 4))
}

/** Partition, error, base offset, time and log start offset. */
const PARTITION_BYTES = 4 + 2 + 8 + 8 + 8

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)])
}
