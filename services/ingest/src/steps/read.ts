import type { Detector } from '@outflow/detector'
import type { PreparedBatch, ReadBatch, ReadRecord, RejectedRecord } from '../batch.js'
import type { ModelLease } from '../model-lease.js'
import type { RecordReader } from '../record-reader.js'

export interface ReadOptions {
  /** Lends the model that is served now; the batch keeps it to its end. */
  readonly borrowModel: () => ModelLease
  /** Compiles what a model looks at. */
  readonly readerFor: (detector: Detector) => RecordReader
}

/** Makes the step that checks each record against its contract and takes out what the model looks at. */
export function readWith({ borrowModel, readerFor }: ReadOptions) {
  const readers = new WeakMap<Detector, RecordReader>()
  return (batch: PreparedBatch): ReadBatch => {
    const model = borrowModel()
    const { detector } = model
    const { fields, read } = readers.get(detector) ?? readerFor(detector)
    readers.set(detector, { fields, read })
    const rows = fields.room(batch.delivery.records.length)
    const records: ReadRecord[] = []
    const rejected: RejectedRecord[] = []
    for (const source of batch.delivery.records) {
      const record = read(source, rows)
      if ('reason' in record) rejected.push({ source, rejection: record })
      else rows.count = records.push(record)
    }
    return { ...batch, model, records, fields: fields.table(rows), rejected }
  }
}
