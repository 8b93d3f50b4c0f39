import type { Config, EntityName, Feature, Position, Rejection } from '@outflow/contracts'
import { type Event, eventReader } from './event.js'
import { type FieldRows, fieldsAt } from './fields/field-table.js'
import type { Fields } from './fields/fields.js'
import { inWholeRecords, type Locate, pickedPaths } from './fields/path.js'
import { type RowReader, rowFiller, rowReader } from './fields/reader.js'
import type { JsonObject, RecordDecoder } from './formats/record-decoder.js'
import { type MessageFacts, makeObservationReader, type Observation } from './windows/observation.js'
import { longestWindowMs, planWindows, type WindowPlan, windowPlaces } from './windows/plan.js'
import { makeWindowStates, type WindowStates } from './windows/window-states.js'

/** The parts of a record to read. */
export interface ReaderOptions {
  /** Paths of the event time and the entity; absent: Kafka's timestamp and key. */
  readonly source: Pick<Config['source'], 'timestamp' | 'key'>
  /** The features of the model. */
  readonly features: readonly Feature[]
  /** The pipeline's features: their windows are counted even if an older model does not use them. Default: `features`. */
  readonly windows?: readonly Feature[]
}

/** A Kafka message, or the parts of it that a record is read from. */
export interface Message extends MessageFacts {
  readonly value: Buffer | null
  /** Place of the value in the bytes of its batch, valid until the next access on any message: `value` creates a buffer. Absent: read `value`. */
  readonly valueIn?: { readonly bytes: Buffer; readonly from: number; readonly end: number } | null | undefined
  /** Why key, value and headers were not read: the message's batch expands too far. Absent: they were read. */
  readonly unreadable?: string | undefined
}

/** A record that satisfies its contract. Read its properties by name: a spread omits getters. */
export interface ReadRecord<M extends MessageFacts = MessageFacts> extends Event<M> {
  /** Input of the windowed features; absent: there are none. */
  readonly observation?: Observation
}

/** Reads the messages of a batch into one table of fields, without a `Fields` object per record. */
export interface BatchReader<M extends MessageFacts = Message> extends Pick<RowReader, 'makeRows' | 'table'> {
  /** Reads a message, and writes its fields after the last row; windowed features are missing in them. */
  read(message: M, rows: FieldRows): ReadRecord<M> | Rejection
}

/** Compiles the reader of event time, entity, fields and windows, which scans the bytes of a message once. */
export function batchReader<M extends Message>({ decoder, ...options }: ReaderOptions & WithPicker): BatchReader<M> {
  const { keys, locate } = pickedPaths()
  const { makeRows, read, table } = tableReader(options, locate)
  const pick = decoder.picker(keys)
  return {
    makeRows,
    table,
    read: (message, rows) => {
      if (message.unreadable !== undefined) return { reason: 'too_large', detail: message.unreadable }
      const place = message.valueIn
      const record = place ? pick(place.bytes, place.from, place.end) : pick(message.value)
      return 'reason' in record ? record : read(record, message, rows)
    },
  }
}

interface WithPicker {
  readonly decoder: Pick<RecordDecoder, 'picker'>
}

/** Decodes all of a record that has been read; needed for few records, such as anomalies. */
export const wholeRecord =
  (decoder: Pick<RecordDecoder, 'decode'>) =>
  ({ value }: Pick<Message, 'value'>): JsonObject => {
    const decoded = decoder.decode(value)
    if ('record' in decoded) return decoded.record
    throw new Error(`a record that was read does not decode: ${decoded.detail}`)
  }

/** The partition of a record. */
export type RecordOrigin = Pick<Position, 'topic' | 'partition'>

/** A record with its fields, including windowed features. */
export interface RecordWithFields<M extends MessageFacts> {
  readonly read: ReadRecord<M>
  readonly fields: Fields
}

interface OrderedOptions extends ReaderOptions {
  /** Memory for the windows of one partition's entities, bytes; the least recently seen entities are dropped. */
  readonly maxBytes: number
}

/** Reads records one by one, those of a partition in order of offsets; each counts in the windows of later ones. */
export interface OrderedReader<M extends MessageFacts & RecordOrigin> {
  read(message: M): RecordWithFields<M> | Rejection
  /** Length of the longest window, ms; 0: there is none. */
  readonly longestWindowMs: number
  /** The entities in memory, partition by partition. */
  entities(): Iterable<EntityName>
  /** How often an entity was dropped from memory; its windows then restarted empty. */
  evicted(): number
}

/** Reads messages as ingest does, with windows in memory instead of the store. */
export function messageReader<M extends Message & RecordOrigin>(
  options: OrderedOptions & WithPicker,
): OrderedReader<M> {
  return orderedReader(options, batchReader<M>(options))
}

/** The same for decoded records. */
export function recordReader<M extends MessageFacts & RecordOrigin & { readonly record: JsonObject }>(
  options: OrderedOptions,
): OrderedReader<M> {
  const reader = tableReader(options, inWholeRecords)
  return orderedReader(options, { ...reader, read: (message: M, rows) => reader.read(message.record, message, rows) })
}

function tableReader({ source, features, windows = features }: ReaderOptions, locate: Locate) {
  const plan = planWindows(windows)
  const { makeRows, read: readFields, table } = rowReader(features, locate)
  const readEvent = eventReader(source, locate)
  const readObservation = plan && makeObservationReader(plan, locate)
  const read = <M extends MessageFacts>(record: unknown, message: M, rows: FieldRows): ReadRecord<M> | Rejection => {
    const rejection = readFields(record, rows)
    if (rejection !== null) return rejection
    const event = readEvent(message, record)
    if ('reason' in event || readObservation === null) return event
    const observation = readObservation(record, message)
    if ('reason' in observation) return observation
    return { source: message, eventTimeMs: event.eventTimeMs, entityKey: event.entityKey, observation }
  }
  return { makeRows, read, table }
}

function orderedReader<M extends MessageFacts & RecordOrigin>(
  { features, windows = features, maxBytes }: OrderedOptions,
  { makeRows, read, table }: BatchReader<M>,
): OrderedReader<M> {
  const plan = planWindows(windows)
  const fill = rowFiller(features, windowPlaces(features, windows))
  const partitions = new Map<string, WindowStates>()
  let seen = 0
  let evicted = 0
  const settle = () => {
    for (const states of partitions.values()) evicted += states.settle().evicted
  }
  const statesOf = ({ topic, partition }: RecordOrigin, own: WindowPlan): WindowStates => {
    const key = `${topic}/${partition}`
    const states = partitions.get(key) ?? makeWindowStates(own, { maxBytes })
    partitions.set(key, states)
    return states
  }
  return {
    read: (message) => {
      const rows = makeRows(1)
      const record = read(message, rows)
      if ('reason' in record) return record
      rows.count = 1
      if (plan !== null) {
        fill(rows.numbers, 0, statesOf(message, plan).observe(record.observation!))
        seen += 1
        if (seen % SETTLE_EVERY === 0) settle()
      }
      return { read: record, fields: fieldsAt(table(rows), 0) }
    },
    longestWindowMs: longestWindowMs(windows),
    *entities() {
      for (const states of partitions.values()) yield* states.entities()
    },
    evicted: () => {
      settle()
      return evicted
    },
  }
}

/** Records between two checks of the states' memory. */
const SETTLE_EVERY = 1_000
