import { setFlagsFromString } from 'node:v8'
import type { Config } from '@outflow/contracts'
import { makeScoringThread, openDetector } from '@outflow/detector'
import { isRetryable, toOutflowError } from '@outflow/errors'
import { batchReader, longestWindowMs, makeDecoder, planWindows, wholeRecord } from '@outflow/records'
import { type CheckResult, type Log, openTracing, untilAllAnswer, type Vitals } from '@outflow/runtime'
import { openPool, type Pool, postgresCheck } from '@outflow/store'
import { loadWindowStates, storedFdrState, writeBatch } from '@outflow/store/batch'
import { healthEventsCheck } from '@outflow/store/health-events'
import { earlierModelIds, listenForModels, loadModel } from '@outflow/store/models'
import { applyRetention } from '@outflow/store/retention'
import { type DeliveryHooks, deliveries, makeKafka } from '@outflow/streams'
import { lastValueFrom, of, tap } from 'rxjs'
import { modelCheck } from './model-check.js'
import { keepModels, type ModelLeases } from './model-leases.js'
import { ingest } from './pipeline.js'
import { positionsOf } from './positions.js'
import { applyRetentionHourly } from './retention-loop.js'
import { compareWith } from './steps/compare.js'
import { decideWith } from './steps/decide.js'
import { type Observer, observeWith } from './steps/observe.js'
import { prepareWith } from './steps/prepare.js'
import { readWith } from './steps/read.js'
import { rejectTo } from './steps/reject.js'
import { score } from './steps/score.js'
import { writeWith } from './steps/write.js'
import { type IngestTelemetry, makeTelemetry } from './telemetry.js'
import { startWatchdog, type Watchdog } from './watchdog.js'

interface IngestOptions {
  readonly config: Config
  readonly log: Log
  /** When it aborts, batches under way are written and no other is begun. */
  readonly signal: AbortSignal
  /** The process's; whoever made them serves them. */
  readonly vitals: Vitals
}

/**
 * Scores every record of the watched topics exactly once, until the signal aborts; then drains.
 *
 * While there is no model nothing is consumed. A store or a broker that is away is waited for.
 *
 * @throws {OutflowError} when something is wrong that waiting does not fix; the offset has not moved
 */
export async function runIngest({ config, log, signal, vitals }: IngestOptions): Promise<void> {
  setFlagsFromString(HEAP_GROWTH)
  const telemetry = makeTelemetry(log, vitals.metrics, config.detection)
  const pool = openPool(config.postgres.url, {
    applicationName: 'outflow-ingest',
    onError: telemetry.storeConnectionLost,
  })
  // Active models replace each other in one thread; a shadow has another, so that neither waits for the other.
  const [thread, shadowThread] = [makeScoringThread(), makeScoringThread()]
  thread.begin()
  const models = keepModels({
    open: async (id) => {
      const { artefact, promotedAt } = await loadModel(pool, { pipeline: config.pipeline, id })
      return { detector: await openDetector(artefact, { thread }), promotedAt }
    },
    openShadow: async (id) => {
      const { artefact } = await loadModel(pool, { pipeline: config.pipeline, id })
      return openDetector(artefact, { thread: shadowThread })
    },
    earlier: () => earlierModelIds(pool, config.pipeline),
    telemetry,
    signal,
  })
  const modelChanges = listenForModels({
    url: config.postgres.url,
    pipeline: config.pipeline,
    onChange: models.serve,
    onRecalibration: models.recalibrate,
    onShadow: models.shadow,
    onError: telemetry.storeConnectionLost,
  })
  const kafkaCheck = makeKafkaCheck(telemetry)
  const watchdog = startWatchdog({ fields: { service: 'ingest', pipeline: config.pipeline } })
  const checks = [
    vitals.check('ingest', 'postgres', () => postgresCheck(pool)),
    vitals.check('ingest', 'kafka', () => kafkaCheck.result),
    vitals.check('ingest', 'batches', watchdog.check),
    vitals.check('ingest', 'model', () => modelCheck(models, config.detection)),
    // A missing model is reported by the check above.
    vitals.check('ingest', 'healthEvents', () =>
      healthEventsCheck(pool, { pipeline: config.pipeline, unready: ['detector_silent'] }),
    ),
  ]
  const stopped = new AbortController()
  const untilStopped = AbortSignal.any([signal, stopped.signal])
  const retaining = applyRetentionHourly({
    applyRetention: () =>
      applyRetention(pool, {
        pipeline: config.pipeline,
        anomaliesMs: config.retention.anomalies,
        statisticsMs: config.retention.statistics,
        ...windowRetention(config),
      }),
    telemetry,
    signal: untilStopped,
  })
  try {
    telemetry.ingestStarted(config.source.topics)
    await untilAllAnswer([() => postgresCheck(pool)], { signal })
    telemetry.modelAwaited()
    await models.first
    if (!signal.aborted) {
      await consume({
        ...{ config, log, signal, untilStopped, pool, models, telemetry, watchdog },
        hooks: kafkaCheck.hooks,
      })
    }
  } finally {
    stopped.abort()
    for (const remove of checks) remove()
    await watchdog.close()
    await modelChanges.close()
    await retaining
    await models.close()
    await pool.end()
  }
}

// Where memory is plenty V8 lets the heap grow fourfold before it collects; what a batch leaves behind makes no use of that.
const HEAP_GROWTH = '--heap-growing-percent=120'

/** A window that ended a day ago is obsolete. */
function windowRetention({ features }: Config): { readonly windowStatesMs?: number } {
  const plan = planWindows(features)
  return plan === null ? {} : { windowStatesMs: longestWindowMs(plan) + DAY_MS }
}

const DAY_MS = 86_400_000

interface ConsumeDeps {
  readonly config: Config
  readonly log: Log
  /** Ends the deliveries; those under way are processed. */
  readonly signal: AbortSignal
  /** Ends retries: no delivery is under way that could use what they return. */
  readonly untilStopped: AbortSignal
  readonly pool: Pool
  readonly models: ModelLeases
  readonly telemetry: IngestTelemetry
  readonly watchdog: Watchdog
  readonly hooks: DeliveryHooks
}

async function consume({
  config,
  log,
  signal,
  untilStopped,
  pool,
  models,
  telemetry,
  watchdog,
  hooks,
}: ConsumeDeps): Promise<void> {
  const { pipeline, source, detection } = config
  const kafka = makeKafka({ ...config.kafka, log })
  const observer = observeWith({
    features: config.features,
    load: ({ topic, partition }, entities) => loadWindowStates(pool, { pipeline, topic, partition }, entities),
    telemetry,
    signal: untilStopped,
  })
  const deliveries$ = deliveries(kafka, {
    groupId: `outflow-${pipeline}`,
    topics: source.topics,
    from: source.from,
    positions: positionsOf(pool, pipeline),
    signal,
    hooks: observer === null ? hooks : withObserver(hooks, observer),
  })
  const tracing = await openTracing('ingest')
  const decoder = makeDecoder(source)
  const steps = {
    prepare: prepareWith({ decoder, telemetry, signal: untilStopped }),
    read: readWith({
      borrowModel: models.borrow,
      tombstones: source.tombstones,
      telemetry,
      readerFor: ({ metadata: { features } }) => batchReader({ decoder, source, features, windows: config.features }),
    }),
    reject: rejectTo(config.deadLetters),
    observe: observer?.observe ?? ((batch) => of(batch)),
    score,
    decide: decideWith({
      detection,
      storedState: ({ topic, partition }) => storedFdrState(pool, { pipeline, topic, partition }),
      telemetry,
      signal: untilStopped,
    }),
    compare: compareWith({ detection, recordOf: wholeRecord(decoder), telemetry }),
    write: writeWith({
      recordOf: wholeRecord(decoder),
      pipeline,
      alertsTopic: config.alerts.topic,
      writeBatch: (batch) => writeBatch(pool, batch),
      telemetry,
      signal: untilStopped,
      tracing,
    }),
  }
  try {
    await lastValueFrom(deliveries$.pipe(ingest(steps, { ...watchdog, ...telemetry }), tap(telemetry.batchEnded)), {
      defaultValue: null,
    })
  } catch (error: unknown) {
    // Asked to stop while the store is away, ingest stops: what was not written is read again.
    if (!signal.aborted || !isRetryable(error)) throw error
    telemetry.drainCutShort(toOutflowError(error))
  } finally {
    await tracing?.close()
  }
}

/** Memory of windows follows the group's partitions. */
function withObserver(hooks: DeliveryHooks, observer: Observer): DeliveryHooks {
  return {
    ...hooks,
    assigned: (partitions) => {
      observer.assigned(partitions)
      hooks.assigned?.(partitions)
    },
    sought: (seek) => {
      observer.sought(seek)
      hooks.sought?.(seek)
    },
  }
}

/** Ready while this member has its partitions; a consumer that restarts has none. */
function makeKafkaCheck(telemetry: IngestTelemetry): { readonly result: CheckResult; readonly hooks: DeliveryHooks } {
  let result: CheckResult = { ok: false, detail: 'the group is not joined yet' }
  return {
    get result() {
      return result
    },
    hooks: {
      assigned: (partitions) => {
        result = { ok: true, detail: `reads ${partitions.length} partitions` }
        telemetry.partitionsAssigned(partitions)
      },
      sought: telemetry.partitionSought,
      missed: telemetry.recordsMissed,
      restarting: (error) => {
        result = { ok: false, detail: `the consumer restarts: ${error.message}` }
        telemetry.consumerRestarted(error)
      },
    },
  }
}
