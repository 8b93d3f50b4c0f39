import { type Config, EARLIEST_MS, LATEST_MS, type Rejection } from '@outflow/contracts'
import { inWholeRecords, type Locate } from './fields/path.js'
import { fieldReader } from './fields/reader.js'
import { entityOf, textOfKey } from './windows/names.js'
import type { MessageFacts } from './windows/observation.js'

/** A message with the entity and event time of its record. Read its properties by name: a spread omits `entityKey` if it is a getter. */
export interface Event<M extends MessageFacts = MessageFacts> {
  readonly source: M
  /** The record's own timestamp, else Kafka's; epoch ms, years 1 to 9999. */
  readonly eventTimeMs: number
  readonly entityKey: string | null
}

/**
 * Compiles `source.timestamp` and `source.key` to the function that reads the event time and the entity of a record, or of the picked
 * values of it.
 *
 * The time is read as a cyclic feature and the entity as a categorical one, so that the same times and paths are accepted
 * everywhere. Without `source.timestamp` Kafka's timestamp is used, without `source.key` Kafka's key; an empty key is none.
 *
 * @param locate  resolves a path. Default: in a whole record
 */
export function eventReader(
  { timestamp, key }: Pick<Config['source'], 'timestamp' | 'key'>,
  locate: Locate = inWholeRecords,
) {
  const readTime = timestamp === undefined ? kafkaTime : fieldTime(timestamp, locate)
  const readKey = key === undefined ? null : fieldReader([{ path: key, type: 'categorical', optional: true }], locate)
  return <M extends MessageFacts>(source: M, record: unknown): Event<M> | Rejection => {
    const eventTimeMs = readTime(source, record)
    if (typeof eventTimeMs !== 'number') return eventTimeMs
    if (readKey === null) return new KeyedByKafka(source, eventTimeMs)
    const fields = readKey(record)
    if ('reason' in fields) return fields
    return { source, eventTimeMs, entityKey: entityOf(fields.categories[0]!) }
  }
}

/** Decodes Kafka's key only when it is read, since most records' keys never are. */
class KeyedByKafka<M extends MessageFacts> implements Event<M> {
  constructor(
    readonly source: M,
    readonly eventTimeMs: number,
  ) {}

  get entityKey(): string | null {
    return entityOf(textOfKey(this.source.key))
  }
}

type TimeReader = (source: MessageFacts, record: unknown) => number | Rejection

const kafkaTime: TimeReader = ({ timestampMs }) => inRange(timestampMs, "Kafka's timestamp")

/** An event time within this span of 1970 counts as that of an unset clock, unless Kafka's timestamp is also in the 1970s. */
const UNSET_CLOCK_MS = 86_400_000
const SEVENTIES_END_MS = Date.UTC(1980, 0, 1)

function fieldTime(path: string, locate: Locate): TimeReader {
  const read = fieldReader([{ path, type: 'cyclic', period: 'day', optional: false }], locate)
  return ({ timestampMs }, record) => {
    const fields = read(record)
    if ('reason' in fields) return { reason: 'bad_timestamp', detail: fields.detail }
    const ms = fields.numbers[0]!
    if (Number.isNaN(ms)) return { reason: 'bad_timestamp', detail: `${path}: an event time may not be missing` }
    if (Math.abs(ms) < UNSET_CLOCK_MS && timestampMs >= SEVENTIES_END_MS) {
      const found = `${new Date(ms).toISOString()} where Kafka has ${new Date(timestampMs).toISOString()}`
      return { reason: 'bad_timestamp', detail: `${path}: 1 January 1970 is an unset clock; found ${found}` }
    }
    return inRange(ms, path)
  }
}

function inRange(ms: number, what: string): number | Rejection {
  if (ms >= EARLIEST_MS && ms <= LATEST_MS) return Math.trunc(ms)
  return { reason: 'bad_timestamp', detail: `${what}: a time must be in the years 1 to 9999; found ${ms} ms` }
}
