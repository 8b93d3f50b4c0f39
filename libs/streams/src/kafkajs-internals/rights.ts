import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerRefused, withBrokerErrors } from '../errors.js'
import { installedVersion, TESTED_VERSION } from './tested-version.js'
import { type Cluster, NO_OPERATIONS, openCluster, requestMetadata, type TopicMetadata } from './topic-ids.js'

/** Codes of Kafka's `AclOperation`. */
const OPERATIONS = { READ: 3, WRITE: 4 } as const
export type TopicOperation = keyof typeof OPERATIONS

/** The broker's code for a topic that the user may not describe. */
const TOPIC_AUTHORIZATION_FAILED = 29

/**
 * Requires that the user is allowed these operations, by topic. They are unknown, and not required, on a topic that does not exist but
 * that the user may describe, on a broker that does not report them (before Kafka 2.8), and if kafkajs is not the tested version.
 *
 * @throws {BrokerRefused} with every permission that is missing
 */
export async function requireTopicRights(
  kafka: KafkaConnection,
  rights: ReadonlyMap<string, readonly TopicOperation[]>,
): Promise<void> {
  if (installedVersion() !== TESTED_VERSION) return
  const topics = [...rights.keys()]
  const allowed = await withBrokerErrors(() =>
    withCluster(kafka, (cluster) => requestMetadata(cluster, topics, { withOperations: true })),
  )
  const missing = [...rights].flatMap(([topic, operations]) => {
    const absent = operations.filter((operation) => !isAllowed(allowed, topic, operation))
    return absent.length === 0 ? [] : [`${absent.join(' and ')} on topic ${topic}`]
  })
  if (missing.length === 0) return
  throw new BrokerRefused(`the Kafka user lacks ${missing.join(', ')}`, {
    fix: 'grant it, or correct the name of the topic',
  })
}

function isAllowed(allowed: TopicMetadata, topic: string, operation: TopicOperation): boolean {
  const { errorCode = 0, operations = NO_OPERATIONS } = allowed.get(topic) ?? {}
  if (errorCode !== 0) return errorCode !== TOPIC_AUTHORIZATION_FAILED
  return operations === NO_OPERATIONS || (operations & (1 << OPERATIONS[operation])) !== 0
}

/** Requires that the user may use the transactional id; does not begin a transaction. @throws {BrokerRefused} */
export async function requireTransactionalId(kafka: KafkaConnection, transactionalId: string): Promise<void> {
  if (installedVersion() !== TESTED_VERSION) return
  const find = (cluster: Cluster) =>
    cluster.findGroupCoordinatorMetadata({ groupId: transactionalId, coordinatorType: TRANSACTION })
  await withBrokerErrors(() => withCluster(kafka, find), { transactionalId })
}

const TRANSACTION = 1

async function withCluster<T>(kafka: KafkaConnection, act: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await openCluster(kafka.kafkajs)
  try {
    return await act(cluster)
  } finally {
    await cluster.disconnect()
  }
}
