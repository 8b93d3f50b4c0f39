import type { Config, Rejection } from '@outflow/contracts'
import { fieldReader, inWholeRecords, isRejection, type Locate } from '@outflow/encoding'
import type { KafkaRecord } from '@outflow/streams'

/** Whose record it is, and when it happened. */
export interface Event {
  readonly eventTimeMs: number
  readonly entityKey: string | null
}

/** A message, and its record or what was taken of it. */
export interface RecordAt {
  readonly source: KafkaRecord
  readonly record: unknown
}

/**
 * Compiles what outflow.yaml says about a record's event time and entity.
 *
 * The two are read as features are, a time as a cyclic one and an entity as a categorical one, so that one grammar of
 * times and paths holds everywhere. Without `source.timestamp` Kafka's own time counts, without `source.key` Kafka's key.
 *
 * @param locate  finds what a path leads to. Default: in a whole record.
 */
export function eventReader(
  source: Pick<Config['source'], 'timestamp' | 'key'>,
  locate: Locate = inWholeRecords,
): (at: RecordAt) => Event | Rejection {
  const readTime = source.timestamp === undefined ? kafkaTime : fieldTime(source.timestamp, locate)
  const readKey = source.key === undefined ? kafkaKey : fieldKey(source.key, locate)
  return (at) => {
    const eventTimeMs = readTime(at)
    if (typeof eventTimeMs !== 'number') return eventTimeMs
    const entity = readKey(at)
    return 'reason' in entity ? entity : { eventTimeMs, entityKey: entity.key }
  }
}

/** Years 1 to 9999: what ISO 8601, CloudEvents and timestamptz can all say. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')

function kafkaTime({ source }: RecordAt): number | Rejection {
  return inRange(source.timestampMs, "Kafka's timestamp")
}

function fieldTime(path: string, locate: Locate): (at: RecordAt) => number | Rejection {
  const read = fieldReader([{ path, type: 'cyclic', period: 'day', optional: false }], locate)
  return ({ record }) => {
    const fields = read(record)
    if (isRejection(fields)) return { reason: 'bad_timestamp', detail: fields.detail }
    const ms = fields.numbers[0]!
    if (Number.isNaN(ms)) return { reason: 'bad_timestamp', detail: `${path}: an event time may not be missing` }
    return inRange(ms, path)
  }
}

function inRange(ms: number, what: string): number | Rejection {
  if (ms >= EARLIEST_MS && ms <= LATEST_MS) return Math.trunc(ms)
  return { reason: 'bad_timestamp', detail: `${what}: a time lies in the years 1 to 9999; found ${ms} ms` }
}

function kafkaKey({ source: { key } }: RecordAt): { readonly key: string | null } {
  return { key: key === null ? null : withoutNul(key.toString('utf8')) }
}

function fieldKey(path: string, locate: Locate): (at: RecordAt) => { readonly key: string | null } | Rejection {
  const read = fieldReader([{ path, type: 'categorical', optional: true }], locate)
  return ({ record }) => {
    const fields = read(record)
    if (isRejection(fields)) return fields
    const key = fields.categories[0] ?? null
    return { key: key === null ? null : withoutNul(key) }
  }
}

/** Postgres has no NUL in its text. */
function withoutNul(text: string): string {
  return text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text
}
