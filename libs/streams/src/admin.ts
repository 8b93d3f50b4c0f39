import type { KafkaConnection } from './kafka.js'

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  /** Default: the broker's. */
  readonly maxMessageBytes?: number
}

/** Creates the topics that are not there yet. @returns the names of those it created */
export function ensureTopics(kafka: KafkaConnection, topics: readonly TopicSpec[]): Promise<readonly string[]> {
  throw new Error(`not built yet ${kafka} ${topics}`)
}

/** Gives the brokers' count and cluster id. @throws {BrokerUnavailable} */
export function describeCluster(
  kafka: KafkaConnection,
): Promise<{ readonly brokers: number; readonly clusterId: string }> {
  throw new Error(`not built yet ${kafka}`)
}

/** Gives each topic's partition count; null for a topic that is not there. */
export function describeTopics(
  kafka: KafkaConnection,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  throw new Error(`not built yet ${kafka} ${topics}`)
}

export interface PartitionEnds {
  readonly topic: string
  readonly partition: number
  /** First offset that is still there. */
  readonly earliest: bigint
  /** Offset of the next record. */
  readonly end: bigint
}

/** Gives both ends of every partition of the topics; lag is `end` minus the stored offset. */
export function partitionEnds(kafka: KafkaConnection, topics: readonly string[]): Promise<readonly PartitionEnds[]> {
  throw new Error(`not built yet ${kafka} ${topics}`)
}
