import { createHash } from 'node:crypto'
import type { OutboxMessage } from '@outflow/store/outbox'
import type { Delivery, KafkaRecord } from '@outflow/streams'
import type { RejectedRecord } from './batch.js'

interface DeadLetterOptions {
  /** The dead-letter topic. */
  readonly topic: string
  /** ISO 8601. */
  readonly rejectedAt: string
}

/**
 * Returns the dead letter of a rejected record: the original key, value and headers byte for byte, and headers with the reason, the
 * position and the time. Bytes that do not fit into a message are cut off, which a header states.
 */
export function deadLetterMessage(
  { topic, partition }: Pick<Delivery, 'topic' | 'partition'>,
  { source, rejection: { reason, detail } }: RejectedRecord,
  { topic: deadLetters, rejectedAt }: DeadLetterOptions,
): OutboxMessage {
  const ours: HeaderEntry[] = [
    ['outflow.reason', reason],
    ['outflow.detail', detail],
    ['outflow.topic', topic],
    ['outflow.partition', String(partition)],
    ['outflow.offset', String(source.offset)],
    ['outflow.timestamp', String(source.timestampMs)],
    ['outflow.rejected-at', rejectedAt],
  ]
  return { kind: 'dead_letter', topic: deadLetters, ...fitted(source, ours) }
}

type HeaderEntry = OutboxMessage['headers'][number]

/** Kafka's default max.message.bytes is 1,048,588, including the batch header. */
const MAX_MESSAGE_BYTES = 1_000_000
const MAX_KEY_BYTES = 100_000
const MAX_HEADERS_BYTES = 100_000
/** Space for the headers that describe what was cut off. */
const WITHHELD_BYTES = 500

/** Key, value and headers, cut to the size that every broker accepts. */
function fitted(
  { key, value, headers, unreadable }: KafkaRecord,
  ours: readonly HeaderEntry[],
): Pick<OutboxMessage, 'key' | 'payload' | 'headers'> {
  if (unreadable !== undefined) {
    return { key, payload: value, headers: [...ours, ['outflow.withheld', `key, value and headers: ${unreadable}`]] }
  }
  const whole = sizeOf([...headers, ...ours]) + (key?.length ?? 0) + (value?.length ?? 0)
  if (whole <= MAX_MESSAGE_BYTES) return { key, payload: value, headers: [...headers, ...ours] }
  const keptHeaders = headersWithin(headers, MAX_HEADERS_BYTES)
  const keptKey = key?.subarray(0, MAX_KEY_BYTES) ?? null
  const room = MAX_MESSAGE_BYTES - WITHHELD_BYTES - sizeOf([...keptHeaders, ...ours]) - (keptKey?.length ?? 0)
  const keptValue = value?.subarray(0, room) ?? null
  const withheld = [
    keptValue?.length !== value?.length && `the value after its first ${keptValue?.length} of ${value?.length} bytes`,
    keptKey?.length !== key?.length && `the key after its first ${keptKey?.length} of ${key?.length} bytes`,
    keptHeaders.length !== headers.length && `the headers after the first ${keptHeaders.length} of ${headers.length}`,
  ].filter((part) => part !== false)
  const described: HeaderEntry[] = [['outflow.withheld', withheld.join('; ')]]
  if (value !== null) {
    described.push(['outflow.value-bytes', String(value.length)])
    described.push(['outflow.value-sha256', createHash('sha256').update(value).digest('hex')])
  }
  return { key: keptKey, payload: keptValue, headers: [...keptHeaders, ...ours, ...described] }
}

/** The first headers that fit. */
function headersWithin(headers: KafkaRecord['headers'], maxBytes: number): KafkaRecord['headers'] {
  let bytes = 0
  const end = headers.findIndex((header) => {
    bytes += sizeOf([header])
    return bytes > maxBytes
  })
  return end === -1 ? headers : headers.slice(0, end)
}

function sizeOf(headers: readonly HeaderEntry[]): number {
  return headers.reduce(
    (sum, [name, value]) =>
      sum + HEADER_LENGTHS_BYTES + Buffer.byteLength(name) + (value === null ? 0 : Buffer.byteLength(value)),
    0,
  )
}

/** The lengths of a header's name and value take at most five bytes each. */
const HEADER_LENGTHS_BYTES = 10
