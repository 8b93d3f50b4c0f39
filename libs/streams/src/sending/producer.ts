import type { Message, TopicMessages } from 'kafkajs'
import type { KafkaConnection } from '../connection/kafka.js'
import { toBrokerError, withBrokerErrors } from '../errors.js'
import { NULL_HEADER } from '../kafkajs-internals/null-header.js'
import { placeOnce } from './partitioner.js'

/** Names with their values; a name may occur more than once. */
export type OutgoingHeaders = readonly (readonly [name: string, value: Uint8Array | string | null])[]

export interface OutgoingMessage {
  readonly topic: string
  readonly key: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: OutgoingHeaders
  /** Default: Kafka's hash of the key. */
  readonly partition?: number
  /** Epoch ms; default: now. */
  readonly timestampMs?: number
}

export interface Producer {
  /** Sends all, in order per partition; resolves when every in-sync replica has them. @throws {BrokerUnavailable | BrokerRefused} */
  send(messages: readonly OutgoingMessage[]): Promise<void>
  close(): Promise<void>
}

// One request makes one record batch per partition, and a topic's max.message.bytes (1 MiB by default) bounds a batch.
const MAX_REQUEST_BYTES = 512 * 1024
// An upper bound for the key and header lengths, offsets and deltas of one record.
const RECORD_OVERHEAD_BYTES = 100

/** Connects an idempotent producer. @throws {BrokerUnavailable} */
export async function makeProducer(kafka: KafkaConnection): Promise<Producer> {
  const producer = kafka.kafkajs.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: placeOnce })
  try {
    await producer.connect()
  } catch (thrown: unknown) {
    await producer.disconnect().catch(() => {})
    throw toBrokerError(thrown)
  }
  return {
    send: (messages) =>
      withBrokerErrors(
        async () => {
          for (const topicMessages of requestsOf(messages)) await producer.sendBatch({ topicMessages })
        },
        { topics: topicsOf(messages) },
      ),
    close: () => withBrokerErrors(() => producer.disconnect()),
  }
}

/** Splits messages into requests that a broker accepts; a message above the budget is sent alone. */
export function requestsOf(messages: readonly OutgoingMessage[]): TopicMessages[][] {
  const requests: TopicMessages[][] = []
  let byTopic = new Map<string, Message[]>()
  let bytes = 0
  for (const message of messages) {
    const size = messageBytes(message)
    if (bytes > 0 && bytes + size > MAX_REQUEST_BYTES) {
      requests.push(toTopicMessages(byTopic))
      byTopic = new Map()
      bytes = 0
    }
    const ofTopic = byTopic.get(message.topic) ?? []
    byTopic.set(message.topic, ofTopic)
    ofTopic.push(toMessage(message))
    bytes += size
  }
  if (bytes > 0) requests.push(toTopicMessages(byTopic))
  return requests
}

/** The topics of messages, each once. */
export const topicsOf = (messages: readonly { readonly topic: string }[]): string[] => [
  ...new Set(messages.map(({ topic }) => topic)),
]

function toTopicMessages(byTopic: ReadonlyMap<string, Message[]>): TopicMessages[] {
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}

/** Approximate bytes of a message in a request. */
export function messageBytes({ key, value, headers = [] }: OutgoingMessage): number {
  const headerBytes = headers.reduce((sum, [name, own]) => sum + name.length + (own?.length ?? 0), 0)
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes
}

function toMessage({ key, value, headers, partition, timestampMs }: OutgoingMessage): Message {
  return {
    key: asBuffer(key),
    value: asBuffer(value),
    ...(headers && { headers: toHeaders(headers) }),
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestamp: String(timestampMs) }),
  }
}

/** Converts headers to kafkajs's form. The object has no prototype, so that a name such as `constructor` or `__proto__` is like any other. */
function toHeaders(headers: OutgoingHeaders): NonNullable<Message['headers']> {
  const byName: Record<string, (Buffer | string)[]> = Object.create(null)
  for (const [name, value] of headers) {
    byName[name] ??= []
    byName[name].push(asBuffer(value) ?? NULL_HEADER)
  }
  return byName
}

function asBuffer(bytes: Uint8Array | string | null): Buffer | string | null {
  if (bytes === null || typeof bytes === 'string') return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
