import type { RecordDecoder } from '@outflow/formats'
import type { Delivery } from '@outflow/streams'
import { defer, map, type Observable, of } from 'rxjs'
import type { DecodedBatch, DecodedRecord, RejectedRecord } from '../batch.js'
import { retryWhileAway } from '../retry-while-away.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface DecodeOptions {
  readonly decoder: RecordDecoder
  readonly telemetry: Pick<IngestTelemetry, 'schemaFetchRetried'>
  /** Once it aborts, a schema that could not be fetched is not asked for again. */
  readonly signal: AbortSignal
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/**
 * Makes the step that turns a delivery's bytes into records; what is none is rejected. While a schema can not be fetched
 * it is asked for again, and the partition waits behind it in order.
 */
export function decodeWith({ decoder, telemetry, signal, now = Date.now }: DecodeOptions) {
  return (delivery: Delivery): Observable<DecodedBatch> => {
    const startedAtMs = now()
    const values = delivery.records.map(({ value }) => value)
    return defer(() => decoder.prepare(values) ?? NOTHING_TO_FETCH).pipe(
      retryWhileAway(signal, (error, attempt, waitMs) =>
        telemetry.schemaFetchRetried(delivery, error, attempt, waitMs),
      ),
      map(() => decodeBatch(decoder, delivery, startedAtMs)),
    )
  }
}

const NOTHING_TO_FETCH = of(undefined)

function decodeBatch(decoder: RecordDecoder, delivery: Delivery, startedAtMs: number): DecodedBatch {
  const records: DecodedRecord[] = []
  const rejected: RejectedRecord[] = []
  for (const source of delivery.records) {
    const decoded = decoder.decode(source.value)
    if ('record' in decoded) records.push({ source, record: decoded.record })
    else rejected.push({ source, rejection: decoded })
  }
  return { delivery, startedAtMs, records, rejected }
}
