import { decodeRecord } from '@outflow/runtime'
import type { Delivery } from '@outflow/streams'
import type { DecodedBatch, DecodedRecord, RejectedRecord } from '../batch.js'

export interface DecodeOptions {
  /** A larger value is `too_large`, and is not looked at. */
  readonly maxRecordBytes: number
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/** Makes the step that turns a delivery's bytes into JSON objects; what is no such object is rejected. */
export function decodeWith({ maxRecordBytes, now = Date.now }: DecodeOptions) {
  return (delivery: Delivery): DecodedBatch => {
    const records: DecodedRecord[] = []
    const rejected: RejectedRecord[] = []
    const startedAtMs = now()
    for (const source of delivery.records) {
      const decoded = decodeRecord(source.value, maxRecordBytes)
      if ('record' in decoded) records.push({ source, record: decoded.record })
      else rejected.push({ source, rejection: decoded })
    }
    return { delivery, startedAtMs, records, rejected }
  }
}
