import type { Config, Rejection } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { isRejection, pickedPaths } from '@outflow/encoding'
import type { JsonObject, RecordDecoder } from '@outflow/formats'
import type { KafkaRecord } from '@outflow/streams'
import { makeObservationReader, type WindowPlan } from '@outflow/windows'
import type { ReadRecord } from './batch.js'
import { eventReader } from './event.js'

export interface RecordReaderOptions {
  readonly decoder: Pick<RecordDecoder, 'picker'>
  readonly source: Pick<Config['source'], 'timestamp' | 'key'>
  /** What the pipeline's windows want to know; null: it has none. */
  readonly plan: WindowPlan | null
}

/** Takes out of a message what is wanted of its record, or says why it breaks its contract. */
export type RecordReader = (source: KafkaRecord) => ReadRecord | Rejection

/** Compiles all that is wanted of a record, by the model and by outflow.yaml, to one look at its bytes. */
export function recordReader(
  detector: Pick<Detector, 'reader'>,
  { decoder, source, plan }: RecordReaderOptions,
): RecordReader {
  const { keys, locate } = pickedPaths()
  const readFields = detector.reader(locate)
  const readEvent = eventReader(source, locate)
  const readObservation = plan && makeObservationReader(plan, locate)
  const pick = decoder.picker(keys)
  return (source) => {
    const record = pick(source.value)
    if ('reason' in record) return record
    const fields = readFields(record)
    if (isRejection(fields)) return fields
    const event = readEvent({ source, record })
    if ('reason' in event) return event
    const { eventTimeMs, entityKey } = event
    if (readObservation === null) return { source, fields, eventTimeMs, entityKey }
    const observation = readObservation(record, source)
    return 'reason' in observation ? observation : { source, fields, eventTimeMs, entityKey, observation }
  }
}

/** Decodes the whole of a record that could be read: few are looked at. */
export const wholeRecord =
  (decoder: Pick<RecordDecoder, 'decode'>) =>
  ({ value }: KafkaRecord): JsonObject => {
    const decoded = decoder.decode(value)
    if ('record' in decoded) return decoded.record
    throw new Error(`a record that was read does not decode: ${decoded.detail}`)
  }
