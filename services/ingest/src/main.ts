import { setFlagsFromString } from 'node:v8'
import { openDetector } from '@outflow/detector'
import { makeScoringThread, type ScoringThread } from '@outflow/detector/threaded-scorer'
import { untilAllAnswer } from '@outflow/errors/retrying'
import { longestWindowMs } from '@outflow/records'
import type { ServiceOptions } from '@outflow/runtime'
import { type Listener, openPool, writableCheck } from '@outflow/store'
import { healthEventsCheck } from '@outflow/store/health-events'
import { earlierModelIds, listenForModels, loadModel } from '@outflow/store/models'
import { applyRetention } from '@outflow/store/retention'
import { makeKafka, makeKafkaCheck } from '@outflow/streams'
import { consume } from './consume.js'
import { makeConsumerCheck } from './consumer-check.js'
import { modelCheck } from './model-check.js'
import { keepModels } from './model-leases.js'
import { applyRetentionHourly } from './retention-loop.js'
import { makeTelemetry } from './telemetry.js'
import { startWatchdog } from './watchdog.js'

/**
 * `runIngest` with a thread for the active models and the watchdog.
 *
 * While there is no model nothing is consumed. It retries while the store or a broker is not available.
 */
export async function ingestWith(
  thread: ScoringThread,
  { config, log, signal, vitals }: ServiceOptions,
): Promise<void> {
  setFlagsFromString(HEAP_GROWTH)
  const telemetry = makeTelemetry(log, vitals.metrics, config.detection)
  const pool = openPool(config.postgres.url, {
    applicationName: 'outflow-ingest',
    onError: telemetry.storeConnectionLost,
  })
  // A shadow has its own thread, so that no batch waits for it.
  const shadowThread = makeScoringThread()
  const open = async (id: string, on: ScoringThread) => {
    const { artefact, promotedAt } = await loadModel(pool, { pipeline: config.pipeline, id })
    return { detector: await openDetector(artefact, { thread: on }), promotedAt }
  }
  const models = keepModels({
    open: (id) => open(id, thread),
    openShadow: async (id) => (await open(id, shadowThread)).detector,
    earlier: () => earlierModelIds(pool, config.pipeline),
    telemetry,
    signal,
  })
  const consumerCheck = makeConsumerCheck(telemetry, makeKafkaCheck(config.kafka))
  const watchdog = startWatchdog(thread, { fields: { service: 'ingest', pipeline: config.pipeline } })
  const checks = [
    vitals.check('ingest', 'postgres', () => writableCheck(pool)),
    vitals.check('ingest', 'kafka', consumerCheck.check),
    vitals.check('ingest', 'batches', watchdog.check),
    vitals.check('ingest', 'model', () => modelCheck(models, config.detection)),
    // A missing model is reported by the check above.
    vitals.check('ingest', 'healthEvents', () =>
      healthEventsCheck(pool, { pipeline: config.pipeline, unready: ['detector_silent'] }),
    ),
  ]
  const stopped = new AbortController()
  const untilStopped = AbortSignal.any([signal, stopped.signal])
  let modelChanges: Listener | undefined
  let retaining: Promise<void> | undefined
  try {
    telemetry.ingestStarted(config.source.topics)
    await untilAllAnswer([() => writableCheck(pool)], { signal, onRetry: telemetry.startDelayed })
    if (signal.aborted) return
    modelChanges = listenForModels({
      url: config.postgres.url,
      pipeline: config.pipeline,
      onChange: (modelId) => {
        if (modelId === null) telemetry.modelAwaited()
        models.serve(modelId)
      },
      onRecalibration: models.recalibrate,
      onShadow: models.shadow,
      onError: telemetry.storeConnectionLost,
    })
    retaining = applyRetentionHourly({
      applyRetention: () =>
        applyRetention(pool, {
          pipeline: config.pipeline,
          anomaliesMs: config.retention.anomalies,
          statisticsMs: config.retention.statistics,
          topics: config.source.topics,
          // A window state is obsolete a day after its window has ended.
          windowStatesMs: longestWindowMs(config.features) + DAY_MS,
          signal: untilStopped,
        }),
      telemetry,
      signal: untilStopped,
    })
    await models.first
    if (!signal.aborted) {
      await consume({
        config,
        kafka: makeKafka({ ...config.kafka, log }),
        signal,
        untilStopped,
        pool,
        models,
        telemetry,
        watchdog,
        hooks: consumerCheck.hooks,
      })
    }
  } finally {
    stopped.abort()
    for (const remove of checks) remove()
    await watchdog.close()
    await modelChanges?.close()
    await retaining
    await models.close()
    await pool.end()
  }
}

// To twice the live objects of the last full collection. With plenty of memory V8 lets the heap grow to four times their size, which has no
// benefit for the short-lived objects of batches.
const HEAP_GROWTH = '--heap-growing-percent=100'

const DAY_MS = 86_400_000
