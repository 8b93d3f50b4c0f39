import type { Config, ModelMetadata } from '@outflow/contracts'
import { describeProvisional } from '@outflow/contracts/wording'
import { sameFeatures, unreachable } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { pause } from '@outflow/errors/retrying'
import { loadConfig } from '@outflow/runtime'
import { openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { openHealthEvents } from '@outflow/store/health-events'
import { latestDriftAlarm } from '@outflow/store/models'
import { pipelineStatus } from '@outflow/store/pipelines'
import { trainerStatus, whyNoModelAndFix, whyNoNewerModel } from '@outflow/store/training'
import { partitionEnds, partitionLags } from '@outflow/streams'
import { UsageError } from '../../errors.js'
import { makeKafkaForReport } from '../../kafka-access.js'
import { whenAvailable } from '../../store-access.js'

/** State of a pipeline at one moment, and its records per second since the one before. */
export type Reading = State & { readonly recordsPerSecond: number }

type StatusReader = Awaited<ReturnType<typeof watch>>
type State = Awaited<ReturnType<StatusReader['read']>>

interface ReadingOptions {
  readonly everyMs: number
  readonly signal: AbortSignal
  /** Prints why Postgres is unavailable between two readings, which is retried; default: it ends the readings. */
  readonly say?: (message: string) => void
}

/** Yields the state of the pipeline of each configuration at intervals, until the signal aborts. */
export async function* readings(
  paths: readonly string[] = ['outflow.yaml'],
  { everyMs, signal, say }: ReadingOptions,
): AsyncGenerator<readonly Reading[]> {
  if (new Set(paths).size < paths.length) throw new UsageError(`--config is given twice: ${paths.join(', ')}`)
  const watched: StatusReader[] = []
  const readAll = () => Promise.all(watched.map((pipeline) => pipeline.read()))
  try {
    for (const path of paths) watched.push(await watch(path))
    let earlier = await readAll()
    for (;;) {
      await pause(everyMs, signal)
      if (signal.aborted) return
      const later = await (say === undefined ? readAll() : whenAvailable(readAll, signal, say))
      if (later === null) return
      yield later.map((state, index) => ({ ...state, recordsPerSecond: rateBetween(earlier[index]!, state) }))
      earlier = later
    }
  } finally {
    await Promise.all(watched.map((pipeline) => pipeline.close()))
  }
}

/** Records per second between two states of a pipeline. */
export function rateBetween(earlier: Pick<State, 'at' | 'received'>, later: Pick<State, 'at' | 'received'>): number {
  const seconds = (later.at.getTime() - earlier.at.getTime()) / 1_000
  // Negative when offsets were deleted and the counter restarted.
  return seconds <= 0 ? 0 : Math.max(0, later.received - earlier.received) / seconds
}

/** Connections remain open between readings. */
async function watch(configPath: string) {
  const config = await loadConfig(configPath)
  const { pipeline, source } = config
  const pool = openPool(config.postgres.url, { max: 2, applicationName: 'outflow cli' })
  const kafka = makeKafkaForReport(config)
  /** Records that are not read yet; null if Kafka did not answer. */
  const lag = async (): Promise<{ readonly lag: number | null; readonly lagUnknown: string | null }> => {
    try {
      const counters = await partitionCounters(pool, pipeline)
      const ends = await partitionEnds(kafka, source.topics)
      const lags = partitionLags(ends, counters, source.from)
      return { lag: Number(lags.reduce((sum, { lag }) => sum + lag, 0n)), lagUnknown: null }
    } catch (thrown: unknown) {
      // The state in Postgres is shown also while the broker is unavailable.
      return { lag: null, lagUnknown: toOutflowError(thrown).message }
    }
  }
  return {
    read: async () => {
      const [{ modelMetadata, ...status }, trainer, drift, healthEvents, behind] = await Promise.all([
        pipelineStatus(pool, pipeline),
        trainerStatus(pool, pipeline),
        latestDriftAlarm(pool, { pipeline }),
        openHealthEvents(pool, pipeline),
        lag(),
      ])
      return {
        pipeline,
        ...status,
        ...behind,
        /** Decisions that no p-value can reach under the active model; null: none. */
        unreachable: modelMetadata && unreachable(modelMetadata, config.detection),
        /** That the active model is provisional, and what a full one needs; null: it is not, or there is none. */
        provisional: provisionalOf(modelMetadata, config),
        /** Why no model is active, and the command that helps, if any; null: a model is active. */
        whyNoModel: status.modelId === null ? whyNoModelAndFix(trainer) : null,
        /** Which newer model the trainer cannot fit, and why, or that the active one has other features than the configuration; null: neither. */
        whyNoNewerModel: status.modelId === null ? null : newerModelOf(modelMetadata, config, whyNoNewerModel(trainer)),
        /** The newest alarm of the last day. */
        drift: drift !== null && status.at.getTime() - drift.notedAt.getTime() < DAY_MS ? drift : null,
        /** The open ones. */
        healthEvents,
      }
    },
    close: () => pool.end(),
  }
}

function provisionalOf(metadata: ModelMetadata | null, config: Config): string | null {
  const state = metadata && describeProvisional(metadata, config)
  return state && `${state.what}; ${state.next}`
}

function newerModelOf(metadata: ModelMetadata | null, config: Config, why: string | null): string | null {
  if (sameFeatures(metadata, config.features)) return why && `no newer model: ${why}`
  if (why === null) return 'the active model has other features than the configuration'
  return `no model with the features of the configuration: ${why}`
}

const DAY_MS = 86_400_000
