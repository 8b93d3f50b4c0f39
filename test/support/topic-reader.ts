import { randomBytes } from 'node:crypto'
import { type KafkaMessage, Partitioners } from 'kafkajs'
import { plainKafka, withAdmin } from './kafkajs.js'

/** A record as a kafkajs consumer reads it. */
export interface SeenRecord extends Pick<KafkaMessage, 'key' | 'value'> {
  readonly headers: NonNullable<KafkaMessage['headers']>
  readonly partition: number
  readonly offset: bigint
  /** Kafka's timestamp, epoch ms */
  readonly timestampMs: number
}

/** Returns all records of a topic that has no writers any more, by partition and offset. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<readonly SeenRecord[]> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic))
  const missing = new Map(ends.map(({ partition, high }) => [partition, BigInt(high) - 1n]))
  for (const [partition, last] of missing) if (last < 0n) missing.delete(partition)
  return read(brokers, topic, missing.size, ({ partition, offset }) => offset === missing.get(partition))
}

/**
 * Returns all records of a topic that a consumer of committed data reads, by partition and offset.
 *
 * It writes an end mark to each partition and reads up to it, so that records of an open transaction are before the mark.
 */
export async function readCommitted(brokers: readonly string[], topic: string): Promise<readonly SeenRecord[]> {
  const mark = `end-${randomBytes(8).toString('hex')}`
  const partitions = await writeToEach(brokers, topic, mark)
  const seen = await read(brokers, topic, partitions, ({ key }) => key?.toString() === mark)
  return seen.filter(({ key }) => !key?.toString().startsWith('end-'))
}

async function writeToEach(brokers: readonly string[], topic: string, key: string): Promise<number> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic))
  const producer = plainKafka(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: ends.map(({ partition }) => ({ partition, key, value: '' })) })
  await producer.disconnect()
  return ends.length
}

/** Reads from the beginning until each of `partitions` partitions has returned its last record. */
async function read(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  isLast: (record: SeenRecord) => boolean,
): Promise<readonly SeenRecord[]> {
  if (partitions === 0) return []
  const groupId = `test-reader-${randomBytes(8).toString('hex')}`
  const consumer = plainKafka(brokers).consumer({ groupId, maxWaitTimeInMs: 200 })
  // By position: a reader that joins the group again starts at the beginning again.
  const seen = new Map<string, SeenRecord>()
  const ended = new Set<number>()
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          for (const { key, value, headers = {}, offset, timestamp } of messages) {
            const record = { key, value, headers, partition, offset: BigInt(offset), timestampMs: Number(timestamp) }
            seen.set(`${partition}/${offset}`, record)
            if (isLast(record)) ended.add(partition)
          }
          if (ended.size === partitions) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  await withAdmin(brokers, (admin) => admin.deleteGroups([groupId]))
  return [...seen.values()].toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
}
