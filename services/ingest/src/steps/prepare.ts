import type { RecordDecoder } from '@outflow/formats'
import type { Delivery } from '@outflow/streams'
import { defer, map, type Observable, of } from 'rxjs'
import type { PreparedBatch } from '../batch.js'
import { retryWhileAway } from '../retry-while-away.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface PrepareOptions {
  readonly decoder: Pick<RecordDecoder, 'prepare'>
  readonly telemetry: Pick<IngestTelemetry, 'schemaFetchRetried'>
  /** Once it aborts, a schema that could not be fetched is not asked for again. */
  readonly signal: AbortSignal
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/**
 * Makes the step that fetches what reading a delivery takes: the schemas that its messages name. While one can not be
 * fetched it is asked for again, and the partition waits behind it in order.
 */
export function prepareWith({ decoder, telemetry, signal, now = Date.now }: PrepareOptions) {
  return (delivery: Delivery): Observable<PreparedBatch> => {
    const startedAtMs = now()
    return defer(() => decoder.prepare(delivery.records) ?? NOTHING_TO_FETCH).pipe(
      retryWhileAway(signal, (error, attempt, waitMs) =>
        telemetry.schemaFetchRetried(delivery, error, attempt, waitMs),
      ),
      map(() => ({ delivery, startedAtMs })),
    )
  }
}

const NOTHING_TO_FETCH = of(undefined)
