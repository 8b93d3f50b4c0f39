import { unreachable } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import { openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { latestDriftAlarm, type StoredDriftAlarm } from '@outflow/store/models'
import { pipelineStatus } from '@outflow/store/pipelines'
import { trainerStatus, whyNoModelAndFix } from '@outflow/store/training'
import { makeKafka, partitionEnds, partitionLags } from '@outflow/streams'
import type { Reading } from './reading.js'

/** A pipeline that can be read again and again. */
export interface StatusReader {
  read(): Promise<Reading>
  close(): Promise<void>
}

/** Connections stay open from one reading to the next. */
export async function watch(configPath: string): Promise<StatusReader> {
  const config = await loadConfig(configPath)
  const { pipeline, source } = config
  const pool = openPool(config.postgres.url, { max: 2, applicationName: 'outflow cli', onError: () => {} })
  const kafka = makeKafka(config.kafka)
  const lag = async (): Promise<Pick<Reading, 'lag' | 'lagUnknown'>> => {
    try {
      const [ends, counters] = await Promise.all([
        partitionEnds(kafka, source.topics),
        partitionCounters(pool, pipeline),
      ])
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
        whyNoModel: status.modelId === null ? whyNoModelAndFix(trainer) : null,
        drift: recent(drift),
      }
    },
    close: () => pool.end(),
  }
}

const DAY_MS = 86_400_000

const recent = (alarm: StoredDriftAlarm | null): StoredDriftAlarm | null =>
  alarm !== null && Date.now() - alarm.notedAt.getTime() < DAY_MS ? alarm : null
