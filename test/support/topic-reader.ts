import { randomBytes } from 'node:crypto'
import { Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs'

/** A record as an ordinary consumer reads it. */
export interface SeenRecord extends Pick<KafkaMessage, 'key' | 'value'> {
  readonly headers: NonNullable<KafkaMessage['headers']>
  readonly partition: number
  readonly offset: bigint
  /** Kafka's timestamp, epoch ms */
  readonly timestampMs: number
}

const connect = (brokers: readonly string[]) =>
  new Kafka({ brokers: [...brokers], clientId: 'test-reader', logLevel: logLevel.NOTHING })

/** Returns all records of a topic that has no writers any more, by partition and offset. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<readonly SeenRecord[]> {
  const kafka = connect(brokers)
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const missing = new Map(ends.map(({ partition, high }) => [partition, BigInt(high) - 1n]))
  for (const [partition, last] of missing) if (last < 0n) missing.delete(partition)
  return read(kafka, topic, missing.size, ({ partition, offset }) => offset === missing.get(partition))
}

/**
 * Returns all records of a topic that a consumer of committed data reads, by partition and offset.
 *
 * An end mark is written to each partition and read up to: records that a transaction hides are before it.
 */
export async function readCommitted(brokers: readonly string[], topic: string): Promise<readonly SeenRecord[]> {
  const kafka = connect(brokers)
  const mark = `end-${randomBytes(8).toString('hex')}`
  const partitions = await writeToEach(kafka, topic, mark)
  const seen = await read(kafka, topic, partitions, ({ key }) => key?.toString() === mark)
  return seen.filter(({ key }) => !key?.toString().startsWith('end-'))
}

async function writeToEach(kafka: Kafka, topic: string, key: string): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition }) => partition)
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: partitions.map((partition) => ({ partition, key, value: '' })) })
  await producer.disconnect()
  return partitions.length
}

/** Reads from the beginning until each of `partitions` partitions has returned its last record. */
async function read(
  kafka: Kafka,
  topic: string,
  partitions: number,
  isLast: (record: SeenRecord) => boolean,
): Promise<readonly SeenRecord[]> {
  if (partitions === 0) return []
  const groupId = `test-reader-${randomBytes(8).toString('hex')}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 })
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
  const admin = kafka.admin()
  await admin.connect()
  await admin.deleteGroups([groupId])
  await admin.disconnect()
  return [...seen.values()].toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
}
