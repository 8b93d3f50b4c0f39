import type { Config } from '@outflow/contracts'
import type { OutboxRow } from '@outflow/store/outbox'
import { describeTopics, ensureTopics, type KafkaConnection } from '@outflow/streams'

/**
 * Large enough for alerts, which contain their record escaped in JSON. A request has at most 100 MiB (socket.request.max.bytes): a broker
 * closes the connection on a larger one, as in an outage.
 */
export const MAX_MESSAGE_BYTES = 64 * 1024 ** 2

/**
 * Creates the missing ones of the alerts, the dead-letter and, if configured, the events topic, with as many partitions as the largest
 * watched topic and with space for large records. Existing topics are not changed.
 *
 * @returns the names of those created
 */
export async function ensureOutputTopics(
  kafka: KafkaConnection,
  { source, alerts, deadLetters, events }: Pick<Config, 'source' | 'alerts' | 'deadLetters' | 'events'>,
): Promise<readonly string[]> {
  const watched = await describeTopics(kafka, source.topics)
  const partitions = Math.max(1, ...[...watched.values()].map((count) => count ?? 1))
  const topics = new Set([alerts.topic, deadLetters.topic, ...(events.topic === undefined ? [] : [events.topic])])
  return ensureTopics(
    kafka,
    Array.from(topics, (topic) => ({ topic, partitions, maxMessageBytes: MAX_MESSAGE_BYTES })),
  )
}

/** A row of the outbox with the topic of its message; null: messages of its kind are no longer published. */
export interface RelayRow extends Omit<OutboxRow, 'topic'> {
  readonly topic: string | null
}

/**
 * The topic of a message. A message that was stored before its topic was renamed or removed in the configuration does not go to the old one,
 * which may be deleted, and would delay all messages.
 */
export function outputTopicOf(
  { kind, topic }: Pick<OutboxRow, 'kind' | 'topic'>,
  { alerts, deadLetters, events }: Pick<Config, 'alerts' | 'deadLetters' | 'events'>,
): string | null {
  switch (kind) {
    case 'alert':
    case 'explained':
      return alerts.topic
    case 'dead_letter':
      return deadLetters.topic
    case 'health_event':
      return events.topic ?? null
    case 'resent':
      return topic
  }
}
