/**
 * Settings of the one broker of a launch, embedded or in a container, except its addresses.
 *
 * Internal topics cannot have more replicas than there are brokers: with the default of 3 every client waits forever
 * for a coordinator. They have few partitions, because the broker creates a folder and two files for each before it is ready.
 */
export const BROKER_SETTINGS = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  // A killed broker can register again only after its old session has expired: 9 s by default. A much shorter timeout
  // than this would also expire the session of a broker that a busy disk delays.
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '500',
  // Oversized records must reach outflow, which rejects them.
  'message.max.bytes': '16777216',
  'replica.fetch.max.bytes': '16777216',
} as const satisfies Readonly<Record<string, string>>

/** A Java properties file: Java reads it as Latin-1, other characters are escaped. */
export function toProperties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The environment from which Kafka's container image derives its properties: `node.id` is `KAFKA_NODE_ID`. */
export function toContainerEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]),
  )
}
