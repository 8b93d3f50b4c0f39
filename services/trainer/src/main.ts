import type { Config } from '@outflow/contracts'
import { makeDecoder } from '@outflow/records'
import { keepTrying, type Log, openTracing, untilAllAnswer, type Vitals, withVitals } from '@outflow/runtime'
import { openPool, ping, withLeadership } from '@outflow/store'
import { healthEventsCheck } from '@outflow/store/health-events'
import { describeCluster, makeKafka } from '@outflow/streams'
import { lead } from './lead.js'
import { makeTelemetry } from './telemetry.js'
import type { TrainerProgress } from './train-once.js'

interface TrainerOptions {
  readonly config: Config
  readonly log: Log
  /** When it aborts, a fit under way is given up. */
  readonly signal: AbortSignal
  /** The process's, when it runs other services too; else the trainer serves its own on `http.ports.trainer`. */
  readonly vitals?: Vitals
  readonly onProgress?: (progress: TrainerProgress) => void
}

/**
 * Keeps a pipeline's model fresh until the signal aborts: fits a first one as soon as there are records enough, and
 * another by the schedule. One of several trainers is active; another takes over when it stops.
 *
 * @throws {OutflowError} only when health and metrics cannot be served, or when Postgres or Kafka refuse the login or the
 *   certificate at the start: whatever else fails is logged and tried again
 */
export function runTrainer({ config, log, signal, vitals, onProgress }: TrainerOptions): Promise<void> {
  return withVitals({ config, service: 'trainer', log, vitals }, async (shared) => {
    const telemetry = makeTelemetry(log, shared.metrics, config.detection)
    const pool = openPool(config.postgres.url, {
      applicationName: 'outflow-trainer',
      onError: telemetry.storeConnectionLost,
    })
    const kafka = makeKafka({ ...config.kafka, log })
    const decoder = makeDecoder(config.source)
    const checks = [
      shared.check('trainer', 'postgres', async () => {
        await ping(pool)
        return { ok: true, detail: 'answered' }
      }),
      shared.check('trainer', 'kafka', async () => {
        const { brokers } = await describeCluster(kafka)
        return { ok: true, detail: `${brokers} brokers` }
      }),
      shared.check('trainer', 'healthEvents', () => healthEventsCheck(pool, { pipeline: config.pipeline })),
    ]
    const tracing = await openTracing('trainer')
    telemetry.trainerStarted()
    try {
      await untilAllAnswer([() => ping(pool), () => describeCluster(kafka)], {
        signal,
        onRetry: telemetry.leadershipInterrupted,
      })
      await keepTrying(
        (progressed) =>
          withLeadership(
            pool,
            `outflow-trainer-${config.pipeline}`,
            async (leadership) => {
              telemetry.leadershipTaken()
              progressed()
              await lead({ config, pool, kafka, decoder, telemetry, tracing, onProgress, signal: leadership.signal })
            },
            { signal },
          ),
        { signal, onRetry: telemetry.leadershipInterrupted },
      )
    } finally {
      for (const remove of checks) remove()
      await pool.end()
      await tracing?.close()
    }
  })
}
