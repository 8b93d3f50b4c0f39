import type { Config, Rejection } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import {
  type FieldRows,
  type JsonObject,
  makeObservationReader,
  pickedPaths,
  type RecordDecoder,
  type RowReader,
  type WindowPlan,
} from '@outflow/records'
import type { KafkaRecord } from '@outflow/streams'
import type { ReadRecord } from './batch.js'
import { eventReader } from './event.js'

export interface RecordReaderOptions {
  readonly decoder: Pick<RecordDecoder, 'picker'>
  readonly source: Pick<Config['source'], 'timestamp' | 'key'>
  /** What the pipeline's windows want to know; null: it has none. */
  readonly plan: WindowPlan | null
}

export interface RecordReader {
  /** Where the fields of a batch's records go. */
  readonly fields: Pick<RowReader, 'room' | 'table'>
  /** Takes out of a message what is wanted of its record, or says why it breaks its contract; the fields go behind the last row that counts. */
  readonly read: (source: KafkaRecord, rows: FieldRows) => ReadRecord | Rejection
}

/** Compiles all that is wanted of a record, by the model and by outflow.yaml, to one look at its bytes. */
export function recordReader(
  detector: Pick<Detector, 'reader'>,
  { decoder, source, plan }: RecordReaderOptions,
): RecordReader {
  const { keys, locate } = pickedPaths()
  const fields = detector.reader(locate)
  const readEvent = eventReader(source, locate)
  const readObservation = plan && makeObservationReader(plan, locate)
  const pick = decoder.picker(keys)
  const read: RecordReader['read'] = (source, rows) => {
    if (source.unreadable !== undefined) return { reason: 'too_large', detail: source.unreadable }
    const record = pick(source.value)
    if ('reason' in record) return record
    const rejection = fields.read(record, rows)
    if (rejection !== null) return rejection
    const event = readEvent(source, record)
    if ('reason' in event || readObservation === null) return event
    const observation = readObservation(record, source)
    if ('reason' in observation) return observation
    return { source, eventTimeMs: event.eventTimeMs, entityKey: event.entityKey, observation }
  }
  return { fields, read }
}

/** Decodes the whole of a record that could be read: few are looked at. */
export const wholeRecord =
  (decoder: Pick<RecordDecoder, 'decode'>) =>
  ({ value }: KafkaRecord): JsonObject => {
    const decoded = decoder.decode(value)
    if ('record' in decoded) return decoded.record
    throw new Error(`a record that was read does not decode: ${decoded.detail}`)
  }
