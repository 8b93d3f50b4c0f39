import { type ICustomPartitioner, type Message, Partitioners } from 'kafkajs'

/**
 * Kafka's partitioner by key, which places each message object once.
 *
 * kafkajs partitions the messages of a request again when it repeats the request. It would place a message without a key elsewhere, and if
 * only the response was lost, both partitions would have the message: a broker recognizes a repeated batch in the same partition only.
 */
export const placeOnce: ICustomPartitioner = () => {
  const place = Partitioners.DefaultPartitioner()
  const placed = new WeakMap<Message, number>()
  return (args) => {
    const partition = placed.get(args.message) ?? place(args)
    placed.set(args.message, partition)
    return partition
  }
}
