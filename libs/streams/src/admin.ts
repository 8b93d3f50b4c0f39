import { retrying } from '@outflow/errors/retrying'
import type { Admin, ITopicConfig } from 'kafkajs'
import { type KafkaConnection, type KafkaOptions, makeKafka } from './connection/kafka.js'
import { BrokerUnavailable, withBrokerErrors } from './errors.js'

interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  /** Default: the broker's setting. */
  readonly maxMessageBytes?: number
}

/**
 * Creates the topics that do not exist yet; safe to call from several processes at once.
 *
 * @returns the names of those that did not exist
 */
export function ensureTopics(kafka: KafkaConnection, topics: readonly TopicSpec[]): Promise<readonly string[]> {
  return withAdmin(kafka, async (admin) => {
    const present = new Set(await answered(admin.listTopics()))
    const missing = topics.filter(({ topic }) => !present.has(topic))
    if (missing.length === 0) return []
    await createTopics(
      admin,
      missing.map(({ topic, partitions, maxMessageBytes }) => ({
        topic,
        numPartitions: partitions,
        configEntries:
          maxMessageBytes === undefined ? [] : [{ name: 'max.message.bytes', value: String(maxMessageBytes) }],
      })),
    )
    return missing.map(({ topic }) => topic)
  })
}

/**
 * Creates topics and waits until every partition has a leader. An existing topic is not changed.
 *
 * kafkajs's `waitForLeaders` is not used: it fails if a broker has not yet received the new topic from the controller.
 *
 * @throws {BrokerUnavailable} if a partition has no leader after 10 s
 */
export async function createTopics(admin: Admin, topics: readonly ITopicConfig[]): Promise<void> {
  const access = { topics: topics.map(({ topic }) => topic) }
  await withBrokerErrors(() => admin.createTopics({ topics: [...topics], waitForLeaders: false }), access)
  await retrying(() => withBrokerErrors(() => answered(admin.fetchTopicMetadata(access)), access), {
    signal: AbortSignal.timeout(LEADER_TIMEOUT_MS),
    maxMs: LEADER_POLL_MS,
  })
}

/** Requires that the user may create these topics, and creates none. @throws {BrokerRefused} with the name of the first that it may not */
export function requireCreation(kafka: KafkaConnection, topics: readonly string[]): Promise<void> {
  return withAdmin(kafka, async (admin) => {
    for (const topic of topics) {
      await withBrokerErrors(
        () => admin.createTopics({ topics: [{ topic }], validateOnly: true, waitForLeaders: false }),
        { topics: [topic] },
      )
    }
  })
}

/** Requires that the user may read the offsets of this group. @throws {BrokerRefused} */
export async function requireGroup(kafka: KafkaConnection, groupId: string): Promise<void> {
  await withAdmin(kafka, (admin) => withBrokerErrors(() => admin.fetchOffsets({ groupId }), { groupId }))
}

const LEADER_TIMEOUT_MS = 10_000
const LEADER_POLL_MS = 50

/** Deletes topics, and the groups without members whose names contain `groupsOf`; removes everything that a demo created on a broker. */
export function removeTopics(
  kafka: KafkaConnection,
  { topics, groupsOf }: { readonly topics: readonly string[]; readonly groupsOf: string },
): Promise<void> {
  return withAdmin(kafka, async (admin) => {
    await admin.deleteTopics({ topics: [...topics] })
    const { groups } = await admin.listGroups()
    const own = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.includes(groupsOf))
    if (own.length > 0) await admin.deleteGroups(own)
  })
}

/** Returns the brokers' count and cluster id. @throws {BrokerUnavailable} */
export function describeCluster(kafka: KafkaConnection) {
  return withAdmin(kafka, async (admin) => {
    const { brokers, clusterId } = await answered(admin.describeCluster())
    return { brokers: brokers.length, clusterId }
  })
}

/**
 * Returns a readiness check, which throws {BrokerUnavailable}. It has a client of its own, because with the default retries the
 * two seconds of a probe would end before the reason is known.
 */
export function makeKafkaCheck(options: Omit<KafkaOptions, 'retries'>) {
  const kafka = makeKafka({ ...options, retries: CHECK_RETRIES })
  return async (): Promise<{ readonly ok: true; readonly detail: string }> => {
    const { brokers } = await describeCluster(kafka)
    return { ok: true, detail: brokers === 1 ? '1 broker' : `${brokers} brokers` }
  }
}

/** Over 0.6 s on average, so that a refused connection is followed by two other brokers. */
const CHECK_RETRIES = 2

/** Returns each topic's partition count; null for a topic that does not exist. */
export function describeTopics(
  kafka: KafkaConnection,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  return withAdmin(kafka, async (admin) => {
    // A request for the metadata of a missing topic is retried for seconds, so the topics are listed first.
    const present = new Set(await answered(admin.listTopics()))
    const known = topics.filter((topic) => present.has(topic))
    const metadata = known.length === 0 ? [] : (await answered(admin.fetchTopicMetadata({ topics: known }))).topics
    const counts = new Map(metadata.map(({ name, partitions }) => [name, partitions.length]))
    return new Map(topics.map((topic) => [topic, counts.get(topic) ?? null]))
  })
}

export interface PartitionEnds {
  readonly topic: string
  readonly partition: number
  /** First offset that has not been deleted. */
  readonly earliest: bigint
  /** Offset after the last committed record, at which a reader of committed data waits. */
  readonly end: bigint
}

/** Returns both ends of every partition of the topics; lag is `end` minus the stored offset. */
export function partitionEnds(kafka: KafkaConnection, topics: readonly string[]): Promise<readonly PartitionEnds[]> {
  return withAdmin(kafka, async (admin) => {
    const ends: PartitionEnds[] = []
    // One by one: if a topic does not exist, kafkajs may fail the concurrent requests for the others too.
    for (const topic of topics) ends.push(...(await endsOf(admin, topic)))
    return ends
  })
}

export async function endsOf(admin: Admin, topic: string): Promise<PartitionEnds[]> {
  const offsets = await withBrokerErrors(() => admin.fetchTopicOffsets(topic), { topics: [topic] })
  return offsets.map(({ partition, low, high }) => ({ topic, partition, earliest: BigInt(low), end: BigInt(high) }))
}

/**
 * If a connection breaks while kafkajs waits for metadata, its admin client gets null as the response and throws a TypeError.
 *
 * @throws {BrokerUnavailable} instead
 */
async function answered<T>(metadata: Promise<T>): Promise<T> {
  try {
    return await metadata
  } catch (thrown: unknown) {
    if (!(thrown instanceof TypeError)) throw thrown
    throw new BrokerUnavailable('Kafka is not available: no broker answered a request for metadata', { cause: thrown })
  }
}

/** Runs `act` with an admin connection, and closes the connection afterwards. */
export function withAdmin<T>(kafka: KafkaConnection, act: (admin: Admin) => Promise<T>): Promise<T> {
  return withBrokerErrors(async () => {
    const admin = kafka.kafkajs.admin()
    try {
      await admin.connect()
      return await act(admin)
    } finally {
      await admin.disconnect()
    }
  })
}
