import type { Config } from '@outflow/contracts'
import { trainDetector } from '@outflow/detector'
import { isRetryable, toOutflowError } from '@outflow/errors'
import { makeDecoder, type RecordDecoder } from '@outflow/formats'
import { backoffMs, type Log, pause, untilAllAnswer, type Vitals, withVitals } from '@outflow/runtime'
import {
  insertModel,
  listModels,
  loadModel,
  openPool,
  type Pool,
  ping,
  promoteModel,
  rejectModel,
  withLeadership,
} from '@outflow/store'
import { describeCluster, type KafkaConnection, makeKafka, readWindow } from '@outflow/streams'
import { whenDue } from './due.js'
import { passGate } from './gate.js'
import { makeTelemetry, type TrainerTelemetry } from './telemetry.js'
import { type TrainerEffects, type TrainerProgress, trainOnce } from './train-once.js'

export interface TrainerOptions {
  readonly config: Config
  readonly log: Log
  /** When it aborts, a fit under way is given up. */
  readonly signal: AbortSignal
  /** The process's, when it runs other services too; else the trainer serves its own on `http.ports.trainer`. */
  readonly vitals?: Vitals
  readonly onProgress?: (progress: TrainerProgress) => void
}

/** How long a window that is too small is left to fill. */
const ROWS_POLL_MS = 2_000
/** How often the models table is asked whether a fit is due; a promotion by hand shows within it. */
const DUE_POLL_MS = 10_000
/** A fit that failed is tried again after 5 s to 5 min: it may be the machine, and it may be the data. */
const FIT_BACKOFF = { firstMs: 10_000, maxMs: 300_000 }

/**
 * Keeps a pipeline's model fresh until the signal aborts: fits a first one as soon as there are records enough, and
 * another whenever the schedule says so. Of several trainers one works; another takes over when it is gone.
 *
 * @throws {OutflowError} only when health and metrics can not be served, or when Postgres or Kafka refuse the login or the
 *   certificate at the start: whatever else fails is logged and tried again
 */
export function runTrainer({ config, log, signal, vitals, onProgress }: TrainerOptions): Promise<void> {
  return withVitals({ config, service: 'trainer', log, vitals }, async (shared) => {
    const telemetry = makeTelemetry(log, shared.metrics)
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
    ]
    telemetry.trainerStarted()
    try {
      await untilAllAnswer([() => ping(pool), () => describeCluster(kafka)], {
        signal,
        onRetry: telemetry.leadershipInterrupted,
      })
      for (let attempt = 1; !signal.aborted; attempt += 1) {
        try {
          await withLeadership(
            pool,
            `outflow-trainer-${config.pipeline}`,
            async (leadership) => {
              telemetry.leadershipTaken()
              attempt = 0
              await lead({ config, pool, kafka, decoder, telemetry, onProgress, signal: leadership.signal })
            },
            { signal },
          )
        } catch (thrown: unknown) {
          if (signal.aborted) break
          telemetry.leadershipInterrupted(toOutflowError(thrown))
        }
        await pause(backoffMs(attempt + 1), signal)
      }
    } finally {
      for (const remove of checks) remove()
      await pool.end()
    }
  })
}

interface Leading {
  readonly config: Config
  readonly pool: Pool
  readonly kafka: KafkaConnection
  readonly decoder: RecordDecoder
  readonly telemetry: TrainerTelemetry
  readonly onProgress: TrainerOptions['onProgress']
  readonly signal: AbortSignal
}

/** Trains whenever it is due, until the leadership or the service ends. */
async function lead({ config, pool, kafka, decoder, telemetry, onProgress, signal }: Leading): Promise<void> {
  let failures = 0
  let lastFitMs: number | null = null
  while (!signal.aborted) {
    try {
      const models = await listModels(pool, config.pipeline)
      const due = whenDue(models, { config, now: Date.now(), lastFitMs })
      if (due.inMs > 0) {
        await pause(Math.min(due.inMs, DUE_POLL_MS), signal)
        continue
      }
      const parentId = models.find(({ state }) => state === 'active')?.id ?? null
      const effects = effectsOn({ config, pool, kafka, parentId })
      const { because } = due
      const outcome = await trainOnce({ config, decoder, because, effects, telemetry, onProgress, signal })
      failures = 0
      if (outcome === 'too few') await pause(ROWS_POLL_MS, signal)
      else lastFitMs = Date.now()
    } catch (thrown: unknown) {
      if (signal.aborted) return
      failures += 1
      const waitMs = backoffMs(failures, isRetryable(thrown) ? {} : FIT_BACKOFF)
      telemetry.trainingFailed(toOutflowError(thrown), failures, waitMs)
      await pause(waitMs, signal)
    }
  }
}

function effectsOn({
  config: { pipeline, source },
  pool,
  kafka,
  parentId,
}: Pick<Leading, 'config' | 'pool' | 'kafka'> & { readonly parentId: string | null }): TrainerEffects {
  return {
    readWindow: (options) => readWindow(kafka, { topics: source.topics, ...options }),
    train: trainDetector,
    store: async (model) => {
      await insertModel(pool, { ...model, pipeline, parentId })
      return (await loadModel(pool, { pipeline, id: model.id })).state
    },
    passGate,
    promote: (id) => promoteModel(pool, { pipeline, id }),
    reject: (id, metrics) => rejectModel(pool, { pipeline, id, metrics }),
  }
}
