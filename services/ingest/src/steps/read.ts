import type { Rejection } from '@outflow/contracts'
import { type Fields, isRejection } from '@outflow/encoding'
import type { ObservationReader } from '@outflow/windows'
import type { DecodedBatch, DecodedRecord, ReadBatch, ReadRecord, RejectedRecord } from '../batch.js'
import type { Event } from '../event.js'
import type { ModelLease } from '../model-lease.js'

export interface ReadOptions {
  /** Lends the model that is served now; the batch keeps it to its end. */
  readonly borrowModel: () => ModelLease
  readonly readEvent: (decoded: DecodedRecord) => Event | Rejection
  /** Absent: the pipeline has no windowed features. */
  readonly readObservation?: ObservationReader
}

/** Makes the step that checks each record against its contract and takes out what the model looks at. */
export function readWith({ borrowModel, readEvent, readObservation }: ReadOptions) {
  return (batch: DecodedBatch): ReadBatch => {
    const model = borrowModel()
    const records: ReadRecord[] = []
    const rejected: RejectedRecord[] = [...batch.rejected]
    for (const decoded of batch.records) {
      const fields = model.detector.read(decoded.record)
      const event = isRejection(fields) ? fields : readEvent(decoded)
      if (isRejection(fields)) rejected.push({ source: decoded.source, rejection: fields })
      else if ('reason' in event) rejected.push({ source: decoded.source, rejection: event })
      else if (readObservation === undefined) records.push(toReadRecord(decoded, event, fields))
      else {
        const observation = readObservation(decoded.record, decoded.source)
        if ('reason' in observation) rejected.push({ source: decoded.source, rejection: observation })
        else records.push({ ...toReadRecord(decoded, event, fields), observation })
      }
    }
    return { ...batch, model, records, rejected }
  }
}

/** Key by key: a spread takes as long as all the reading. */
function toReadRecord(
  { source, record }: DecodedRecord,
  { eventTimeMs, entityKey }: Event,
  fields: Fields,
): ReadRecord {
  return { source, record, eventTimeMs, entityKey, fields }
}
