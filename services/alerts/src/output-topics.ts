import type { Config } from '@outflow/contracts'
import { describeTopics, ensureTopics, type KafkaConnection } from '@outflow/streams'

/**
 * Room for alerts, which have their record escaped into JSON. A request has at most 100 MiB (socket.request.max.bytes): a broker
 * that is sent more closes the connection, which looks like an outage.
 */
export const MAX_MESSAGE_BYTES = 64 * 1024 ** 2

/**
 * Creates the alerts, the dead-letter and, if there is to be one, the events topic where they are not there yet, with as many partitions as the largest
 * watched topic and room for large records. Topics that are there are left as they are.
 *
 * @returns the names of those created
 */
export async function ensureOutputTopics(
  kafka: KafkaConnection,
  { source, alerts, deadLetters, events }: Pick<Config, 'source' | 'alerts' | 'deadLetters' | 'events'>,
): Promise<readonly string[]> {
  const watched = await describeTopics(kafka, source.topics)
  const partitions = Math.max(1, ...[...watched.values()].map((count) => count ?? 1))
  return ensureTopics(
    kafka,
    [...new Set([alerts.topic, deadLetters.topic, ...(events.topic === undefined ? [] : [events.topic])])].map(
      (topic) => ({
        topic,
        partitions,
        maxMessageBytes: MAX_MESSAGE_BYTES,
      }),
    ),
  )
}
