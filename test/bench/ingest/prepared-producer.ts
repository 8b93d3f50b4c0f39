import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { withAdmin } from '../../support/kafkajs.js'
import type { Event } from './events.js'
import { recordBatch, recordBody } from './record-batch.js'

const require = createRequire(import.meta.url)
const protocol = 'kafkajs/src/protocol'
const Encoder: new () => KafkaEncoder = require(`${protocol}/encoder`)
/** `parse` throws when the broker rejected a batch. */
const { decode, parse }: Record<'decode' | 'parse', (answer: unknown) => Promise<unknown>> = require(
  `${protocol}/requests/produce/v7/response`,
)

/** The used part of kafkajs's byte writer. */
interface KafkaEncoder {
  readonly buffer: Buffer
  writeInt16(value: number): KafkaEncoder
  writeInt32(value: number): KafkaEncoder
  writeString(value: string | null): KafkaEncoder
  writeBytes(value: Buffer): KafkaEncoder
  writeArray(parts: readonly KafkaEncoder[]): KafkaEncoder
}

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
      await parse(await decode(await answerIn(chunks)))
    },
    close: () => socket.destroy(),
  }
}

const TIMEOUT_MS = 30_000

/** @see Kafka protocol, Produce, version 7 */
function produceRequest(topic: string, batches: readonly Batch[]): Buffer {
  const partitions = batches.map(({ partition, bytes }) => new Encoder().writeInt32(partition).writeBytes(bytes))
  const header = new Encoder().writeInt16(0).writeInt16(7).writeInt32(0).writeString('bench')
  const request = header
    .writeString(null) // no transaction
    .writeInt16(1) // only the leader acknowledges
    .writeInt32(TIMEOUT_MS)
    .writeArray([new Encoder().writeString(topic).writeArray(partitions)])
  return new Encoder().writeBytes(request.buffer).buffer
}

/** Resolves with a whole answer, without its length and its correlation id. */
async function answerIn(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let answer = Buffer.alloc(0)
  while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
    const { value, done } = await chunks.next()
    if (done) throw new Error('the broker closed the connection')
    answer = Buffer.concat([answer, value])
  }
  return answer.subarray(8)
}
