import { openDetector, trainDetector } from '@outflow/detector'
import { untilAllAnswer } from '@outflow/errors/retrying'
import { makeDecoder } from '@outflow/records'
import { openTracing, type ServiceOptions } from '@outflow/runtime'
import { listen, openPool, writableCheck } from '@outflow/store'
import { healthEventsCheck } from '@outflow/store/health-events'
import { makeKafka, makeKafkaCheck } from '@outflow/streams'
import { DUE_POLL_MS, keepFitting } from './lead.js'
import { makeTelemetry } from './telemetry.js'
import type { TrainerContext, TrainerProgress } from './trainer-context.js'

interface TrainerOptions extends ServiceOptions {
  readonly onProgress?: (progress: TrainerProgress) => void
}

/**
 * Fits a pipeline's models until the signal aborts: a first one as soon as there are enough records, and later ones on triggers
 * such as the schedule. One of several trainers is active; another takes over when it stops.
 *
 * @throws {OutflowError} only if Postgres or Kafka rejects the login or the certificate at the start; every other error is logged and
 *   retried
 */
export async function runTrainer({ config, log, signal, vitals, onProgress }: TrainerOptions): Promise<void> {
  const telemetry = makeTelemetry(log, vitals.metrics, config.detection)
  const pool = openPool(config.postgres.url, {
    applicationName: 'outflow-trainer',
    onError: telemetry.storeConnectionLost,
  })
  const kafka = makeKafka({ ...config.kafka, log })
  const kafkaCheck = makeKafkaCheck(config.kafka)
  const decoder = makeDecoder(config.source)
  const checks = [
    vitals.check('trainer', 'postgres', () => writableCheck(pool)),
    vitals.check('trainer', 'kafka', kafkaCheck),
    vitals.check('trainer', 'healthEvents', () => healthEventsCheck(pool, { pipeline: config.pipeline })),
  ]
  const tracing = await openTracing('trainer')
  telemetry.trainerStarted()
  const context: TrainerContext = {
    ...{ config, pool, kafka, decoder, telemetry, tracing, onProgress, signal },
    models: { train: trainDetector, open: openDetector },
    listen: (onWork) =>
      listen({
        url: config.postgres.url,
        pipeline: config.pipeline,
        checks: { outflow_training: onWork },
        onError: telemetry.storeConnectionLost,
        pollMs: DUE_POLL_MS,
      }),
  }
  try {
    await untilAllAnswer([() => writableCheck(pool), kafkaCheck], { signal, onRetry: telemetry.startDelayed })
    await keepFitting(context)
  } finally {
    for (const remove of checks) remove()
    await pool.end()
    await tracing?.close()
  }
}
