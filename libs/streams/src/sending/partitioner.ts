import { type ICustomPartitioner, type Message, Partitioners } from 'kafkajs'
import { BrokerUnavailable } from '../errors.js'

/**
 * Kafka's partitioner by key, which places each message object once.
 *
 * kafkajs partitions the messages of a request again when it repeats the request. It would place a message without a key elsewhere, and if
 * only the response was lost, both partitions would have the message: a broker recognizes a repeated batch in the same partition only.
 *
 * A message of a partition that the topic lacks, because it was created again with fewer, is placed by its key: kafkajs would drop it. If
 * the partition disappears between two attempts, the request fails: kafkajs repeats it only for brokers that have not answered, so the message
 * cannot move to another partition.
 */
export const placeOnce: ICustomPartitioner = () => {
  const place = Partitioners.DefaultPartitioner()
  const placed = new WeakMap<Message, number>()
  return ({ message, ...rest }) => {
    const { partition: wanted = Infinity, key, ...unplaced } = message
    const count = rest.partitionMetadata.length
    const choose = (): number => {
      if (wanted < count) return wanted
      return key == null ? place({ ...rest, message: unplaced }) : (murmur2(Buffer.from(key)) & 0x7fffffff) % count
    }
    const partition = placed.get(message) ?? choose()
    if (partition >= count) throw new BrokerUnavailable(`topic ${rest.topic} was created again with fewer partitions`)
    placed.set(message, partition)
    return partition
  }
}

/**
 * Kafka's hash of a key, 32 bits. That of kafkajs takes time quadratic in the key's length, during which the process does nothing else.
 *
 * @see org.apache.kafka.common.utils.Utils.murmur2
 */
function murmur2(key: Buffer): number {
  const M = 0x5bd1e995
  const tail = key.length & ~3
  let hash = 0x9747b28c ^ key.length
  for (let at = 0; at < tail; at += 4) {
    const word = Math.imul(key.readInt32LE(at), M)
    hash = Math.imul(hash, M) ^ Math.imul(word ^ (word >>> 24), M)
  }
  if (tail < key.length) hash = Math.imul(hash ^ key.readUIntLE(tail, key.length - tail), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}
