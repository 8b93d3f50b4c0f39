import { type ICustomPartitioner, type Message, Partitioners } from 'kafkajs'

/**
 * Kafka's partitioner by key, which places each message object once.
 *
 * kafkajs partitions the messages of a request again when it repeats the request. It would place a message without a key elsewhere, and if
 * only the response was lost, both partitions would have the message: a broker recognizes a repeated batch in the same partition only.
 *
 * A message of a partition that the topic lacks, because it was created again with fewer, is placed by its key: kafkajs would drop it.
 */
export const placeOnce: ICustomPartitioner = () => {
  const place = Partitioners.DefaultPartitioner()
  const placed = new WeakMap<Message, number>()
  return ({ message, ...rest }) => {
    const { partition: wanted = 0, ...unplaced } = message
    const isAbsent = wanted >= rest.partitionMetadata.length
    const partition = placed.get(message) ?? place({ ...rest, message: isAbsent ? unplaced : message })
    placed.set(message, partition)
    return partition
  }
}
