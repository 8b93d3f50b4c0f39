import type { Config, ModelMetadata } from '@outflow/contracts'
import { describeProvisional } from '@outflow/contracts/wording'
import { sameFeatures, unreachable } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import { openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { latestDriftAlarm, type StoredDriftAlarm } from '@outflow/store/models'
import { type PipelineStatus, pipelineStatus } from '@outflow/store/pipelines'
import { trainerStatus, whyNoModelAndFix, whyNoNewerModel } from '@outflow/store/training'
import { partitionEnds, partitionLags } from '@outflow/streams'
import { UsageError } from '../../errors.js'
import { makeKafkaForReport } from '../../kafka-access.js'

/** Status of a pipeline at one moment. */
export interface Reading extends Omit<PipelineStatus, 'modelMetadata'> {
  readonly pipeline: string
  readonly at: Date
  /** Records that are not read yet; null if Kafka did not answer. */
  readonly lag: number | null
  readonly lagUnknown: string | null
  /** Decisions that no p-value can reach under the active model; null: none. */
  readonly unreachable: string | null
  /** That the active model is provisional, and what a full one needs; null: it is not, or there is none. */
  readonly provisional: string | null
  /** Why no model is active, and the command that helps, if any; null: a model is active. */
  readonly whyNoModel: string | null
  /** Which newer model the trainer cannot fit, and why, or that the active one has other features than the configuration; null: neither. */
  readonly whyNoNewerModel: string | null
  /** The newest alarm of the last day. */
  readonly drift: StoredDriftAlarm | null
}

/** Records per second between two readings of a pipeline. */
export function rateBetween(earlier: Reading, later: Reading): number {
  const seconds = (later.at.getTime() - earlier.at.getTime()) / 1_000
  // Negative when offsets were deleted and the counter restarted.
  return seconds <= 0 ? 0 : Math.max(0, later.received - earlier.received) / seconds
}

export const readAll = (watched: readonly StatusReader[]): Promise<readonly Reading[]> =>
  Promise.all(watched.map((pipeline) => pipeline.read()))

/** Opens a status reader for each configuration, and closes them when `use` ends. */
export async function withWatched<T>(
  paths: readonly string[] = ['outflow.yaml'],
  use: (watched: readonly StatusReader[]) => Promise<T>,
): Promise<T> {
  if (new Set(paths).size < paths.length) throw new UsageError(`--config is given twice: ${paths.join(', ')}`)
  const opened: StatusReader[] = []
  try {
    for (const path of paths) opened.push(await watch(path))
    return await use(opened)
  } finally {
    await Promise.all(opened.map((pipeline) => pipeline.close()))
  }
}

/** Reads the status of one pipeline repeatedly. */
interface StatusReader {
  read(): Promise<Reading>
  close(): Promise<void>
}

/** Connections remain open between readings. */
async function watch(configPath: string): Promise<StatusReader> {
  const config = await loadConfig(configPath)
  const { pipeline, source } = config
  const pool = openPool(config.postgres.url, { max: 2, applicationName: 'outflow cli', onError: () => {} })
  const kafka = makeKafkaForReport(config)
  const lag = async (): Promise<Pick<Reading, 'lag' | 'lagUnknown'>> => {
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
      const [{ modelMetadata, ...status }, trainer, drift, behind] = await Promise.all([
        pipelineStatus(pool, pipeline),
        trainerStatus(pool, pipeline),
        latestDriftAlarm(pool, pipeline),
        lag(),
      ])
      return {
        pipeline,
        at: new Date(),
        ...status,
        ...behind,
        unreachable: modelMetadata && unreachable(modelMetadata, config.detection),
        provisional: provisionalOf(modelMetadata, config),
        whyNoModel: status.modelId === null ? whyNoModelAndFix(trainer) : null,
        whyNoNewerModel: status.modelId === null ? null : newerModelOf(modelMetadata, config, whyNoNewerModel(trainer)),
        drift: recent(drift),
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

const recent = (alarm: StoredDriftAlarm | null): StoredDriftAlarm | null =>
  alarm !== null && Date.now() - alarm.notedAt.getTime() < DAY_MS ? alarm : null
