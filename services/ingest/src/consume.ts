import type { Config } from '@outflow/contracts'
import { isRetryable, toOutflowError } from '@outflow/errors'
import { batchReader, makeDecoder, wholeRecord, withWindowsOf } from '@outflow/records'
import { openTracing } from '@outflow/runtime'
import type { Pool } from '@outflow/store'
import { loadWindowStates, makeBatchWriter, storedFdrState } from '@outflow/store/batch'
import type { Delivery, DeliveryHooks, KafkaConnection } from '@outflow/streams'
import { deliveries } from '@outflow/streams/deliveries'
import { lastValueFrom, tap } from 'rxjs'
import type { ModelLeases } from './model-leases.js'
import { type IngestWatch, ingest } from './pipeline.js'
import { positionsOf } from './positions.js'
import { compareWith } from './steps/compare.js'
import { decideWith } from './steps/decide.js'
import { observeWith } from './steps/observe.js'
import { prepareWith } from './steps/prepare.js'
import { readWith } from './steps/read.js'
import { score } from './steps/score.js'
import { writeWith } from './steps/write.js'
import type { IngestTelemetry } from './telemetry.js'
import type { Watchdog } from './watchdog.js'

interface ConsumeDeps {
  readonly config: Config
  readonly kafka: KafkaConnection
  /** Ends the stream of deliveries; those in flight are processed. */
  readonly signal: AbortSignal
  /** Ends retries: aborts with `signal`, and when ingest ends for another reason. */
  readonly untilStopped: AbortSignal
  readonly pool: Pool
  readonly models: ModelLeases
  readonly telemetry: IngestTelemetry
  readonly watchdog: Pick<Watchdog, 'begun' | 'ended'>
  readonly hooks: DeliveryHooks
}

/**
 * Scores the records of the watched topics with the served models, until the signal aborts; then drains.
 *
 * @throws {OutflowError} like `runIngest`
 */
export async function consume(deps: ConsumeDeps): Promise<void> {
  const { config, kafka, signal, untilStopped, pool, models, telemetry, watchdog, hooks } = deps
  const { pipeline, source, detection } = config
  const partitionAt = ({ topic, partition, expectedOffset }: Delivery) => {
    return { pipeline, topic, partition, nextOffset: expectedOffset }
  }
  const observer = observeWith({
    features: config.features,
    load: (delivery, entities) => loadWindowStates(pool, partitionAt(delivery), entities),
    telemetry,
    signal: untilStopped,
  })
  const deliveries$ = deliveries(kafka, {
    groupId: `outflow-${pipeline}`,
    topics: source.topics,
    from: source.from,
    positions: positionsOf(pool, pipeline),
    signal,
    // The observer keeps window states of assigned partitions only.
    hooks: {
      ...hooks,
      assigned: (partitions) => {
        observer.assigned(partitions)
        hooks.assigned?.(partitions)
      },
      sought: (seeks) => {
        observer.sought(seeks)
        hooks.sought?.(seeks)
      },
    },
  })
  const tracing = await openTracing('ingest')
  const decoder = makeDecoder(source)
  const steps = {
    prepare: prepareWith({ decoder, telemetry, signal: untilStopped }),
    read: readWith({
      borrowModel: models.borrow,
      tombstones: source.tombstones,
      telemetry,
      readerFor: ({ metadata: { features } }) =>
        batchReader({ decoder, source, features, windows: withWindowsOf(features, config.features) }),
    }),
    observe: observer.observe,
    score,
    decide: decideWith({
      detection,
      storedState: (delivery) => storedFdrState(pool, partitionAt(delivery)),
      telemetry,
      signal: untilStopped,
    }),
    compare: compareWith({ detection, recordOf: wholeRecord(decoder), telemetry }),
    write: writeWith({
      recordOf: wholeRecord(decoder),
      config,
      writeBatch: makeBatchWriter(pool),
      telemetry,
      signal: untilStopped,
      tracing,
    }),
  }
  try {
    const watch: IngestWatch = {
      begun: (delivery) => {
        watchdog.begun(delivery)
        telemetry.batchBegun(delivery)
      },
      ended: watchdog.ended,
      superseded: telemetry.superseded,
      recordFailed: telemetry.recordFailed,
    }
    const ingested$ = deliveries$.pipe(ingest(steps, watch))
    await lastValueFrom(ingested$.pipe(tap(telemetry.batchWritten)), { defaultValue: null })
  } catch (error: unknown) {
    // After a stop signal, an unavailable store does not delay the stop: unwritten records are read again.
    if (!signal.aborted || !isRetryable(error)) throw error
    telemetry.drainCutShort(toOutflowError(error))
  } finally {
    await tracing?.close()
  }
}
