import { retrying } from '@outflow/errors/retrying'
import type { RecordDecoder } from '@outflow/records'
import type { Delivery } from '@outflow/streams'
import type { PreparedBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface PrepareOptions {
  readonly decoder: Pick<RecordDecoder, 'prepare'>
  readonly telemetry: Pick<IngestTelemetry, 'schemaFetchRetried'>
  /** After it aborts, a failed schema request is not retried. */
  readonly signal: AbortSignal
}

/**
 * Returns the step that fetches the schemas that a delivery's messages refer to. A failed request is retried, and the partition
 * waits meanwhile, so that its order is kept.
 */
export function prepareWith({ decoder, telemetry, signal }: PrepareOptions) {
  return async (delivery: Delivery): Promise<PreparedBatch> => {
    // Setting the clock does not change it.
    const startedAtMs = performance.now()
    await retrying(() => decoder.prepare(delivery.records), {
      signal,
      onRetry: (...retry) => telemetry.schemaFetchRetried(delivery, ...retry),
    })
    return { delivery, startedAtMs }
  }
}
