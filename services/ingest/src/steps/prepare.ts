import type { RecordDecoder } from '@outflow/records'
import { retrying } from '@outflow/runtime'
import type { Delivery } from '@outflow/streams'
import type { PreparedBatch } from '../batch.js'
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
 * Makes the step that fetches what reading a delivery takes: the schemas that its messages name. While one cannot be
 * fetched it is asked for again, and the partition waits behind it in order.
 */
export function prepareWith({ decoder, telemetry, signal, now = Date.now }: PrepareOptions) {
  return async (delivery: Delivery): Promise<PreparedBatch> => {
    const startedAtMs = now()
    await retrying(async () => decoder.prepare(delivery.records), {
      signal,
      onRetry: (...retry) => telemetry.schemaFetchRetried(delivery, ...retry),
    })
    return { delivery, startedAtMs }
  }
}
