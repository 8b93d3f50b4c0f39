import type { Config } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import type { BatchReader, Observation } from '@outflow/records'
import { isTombstone, type KafkaRecord } from '@outflow/streams'
import type { ModelLease, PreparedBatch, ReadBatch, ReadRecord, ReadRecords, RejectedRecord } from '../batch.js'
import { failedRecord } from '../record-fault.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface ReadOptions {
  /** Returns a lease of the served model, which the batch uses until its end. */
  readonly borrowModel: () => ModelLease
  /** Compiles the reader of a model's features. */
  readonly readerFor: (detector: Detector) => BatchReader<KafkaRecord>
  readonly tombstones: Config['source']['tombstones']
  readonly telemetry: Pick<IngestTelemetry, 'recordFailed'>
}

/**
 * Returns the step that checks each record against its contract and reads the model's features. A record that causes an error is
 * rejected as `failed`; a tombstone is counted and skipped, or rejected.
 */
export function readWith({ borrowModel, readerFor, tombstones, telemetry }: ReadOptions) {
  const readers = new WeakMap<Detector, BatchReader<KafkaRecord>>()
  return (batch: PreparedBatch): ReadBatch => {
    const { delivery, failed } = batch
    const model = borrowModel()
    try {
      const { detector } = model
      const reader = readers.get(detector) ?? readerFor(detector)
      readers.set(detector, reader)
      const { length } = delivery.records
      const rows = reader.makeRows(length)
      const recordTimesMs = new Float64Array(length)
      /** Index in the delivery of each record that was read. */
      const places = new Uint32Array(length)
      const observations: Observation[] = []
      const rejected: RejectedRecord[] = []
      let skipped = 0
      const readOne = (source: KafkaRecord) => {
        try {
          return failed ?? reader.read(source, rows)
        } catch (thrown: unknown) {
          telemetry.recordFailed(delivery, source.offset, toOutflowError(thrown))
          return failedRecord(thrown)
        }
      }
      for (let place = 0; place < length; place++) {
        const source = delivery.records.at(place)!
        const record = readOne(source)
        if ('reason' in record) {
          if (isTombstone(source) && tombstones === 'skip') skipped += 1
          else rejected.push({ source, rejection: record })
          continue
        }
        recordTimesMs[rows.count] = source.timestampMs
        places[rows.count] = place
        if (record.observation !== undefined) observations.push(record.observation)
        rows.count += 1
      }
      const records: ReadRecords = {
        length: rows.count,
        at: (row) => reader.read(delivery.records.at(places[row]!)!, reader.makeRows(1)) as ReadRecord,
      }
      const read = { records, recordTimesMs: recordTimesMs.subarray(0, rows.count), observations }
      return { ...batch, model, ...read, fields: reader.table(rows), rejected, skipped }
    } catch (error: unknown) {
      model.giveBack()
      throw error
    }
  }
}
