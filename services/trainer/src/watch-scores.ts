import type { Config, Feature } from '@outflow/contracts'
import {
  type CalibratedBuckets,
  calibrateBuckets,
  type DriftAlarm,
  driftLimit,
  type FieldShift,
  fieldShifts,
  watchDrift,
} from '@outflow/detector'
import { type Fields, isRejection } from '@outflow/encoding'
import {
  activeModelId,
  latestDriftAlarm,
  NLL_BUCKETS,
  nllBucketStart,
  noteDriftAlarm,
  type Pool,
  type ScoreMinute,
  scoreMinutes,
} from '@outflow/store'
import { makeGuard } from './guard.js'
import type { Leading } from './leading.js'
import { openStored } from './open-stored.js'

/** Looks at the scores that ingest has written, for as long as this trainer leads. */
export interface ScoreWatch {
  /** Looks, unless it has looked a moment ago. */
  look(): Promise<void>
}

/** Statistics are by the minute. */
const LOOK_EVERY_MS = 15_000
const MINUTE_MS = 60_000
/** The sums begin a day back at most: what a day does not show is for the next window to learn. */
const LOOK_BACK_MS = 86_400_000

/** What of the trainer the watch needs. */
export type Watching = Pick<Leading, 'config' | 'pool' | 'telemetry'>

interface Watched {
  readonly modelId: string
  readonly buckets: CalibratedBuckets
}

/**
 * Watches the active model's scores for drift, and guards its first hour.
 *
 * The sums are a function of `outflow.score_statistics`, which moves in the transactions that count the records: they are
 * computed anew at each look, and so are the same after any crash of anything.
 */
export function watchScores(
  leading: Watching,
  readRecent: (sinceMs: number) => Promise<readonly Fields[]>,
): ScoreWatch {
  const { config, pool, telemetry } = leading
  const limit = driftLimit(config.training.falseDriftEvery / MINUTE_MS)
  const guard = makeGuard(leading, readRecent)
  let watched: Watched | null = null
  let lookedMs = 0

  return {
    look: async () => {
      if (Date.now() - lookedMs < LOOK_EVERY_MS) return
      lookedMs = Date.now()
      const modelId = await activeModelId(pool, config.pipeline)
      if (modelId === null) return
      if (watched?.modelId !== modelId) watched = await calibrationOf(pool, config, modelId)
      if (watched === null) return
      const minutes = await recentMinutes(pool, config, modelId)
      if (await guard(modelId, minutes)) return
      const { alarm, level } = watchDrift(minutes.map(toBlock), watched.buckets, limit)
      telemetry.driftWatched(level)
      if (alarm !== null) await raise(modelId, alarm)
    },
  }

  async function raise(modelId: string, alarm: DriftAlarm): Promise<void> {
    const recent = await readRecent(alarm.changedMs)
    const fields = await movedFields(pool, config, modelId, recent)
    const isNew = await noteDriftAlarm(pool, {
      pipeline: config.pipeline,
      modelId,
      chart: alarm.chart,
      statistic: alarm.statistic,
      changedAt: new Date(alarm.changedMs),
      raisedAt: new Date(alarm.raisedMs),
      fields,
    })
    if (isNew) telemetry.driftFound(modelId, alarm, fields)
  }
}

/** Minutes that are over, of the model, since its last alarm. */
async function recentMinutes(pool: Pool, config: Config, modelId: string): Promise<readonly ScoreMinute[]> {
  const now = Date.now()
  const last = await latestDriftAlarm(pool, config.pipeline)
  const afterAlarm = last?.modelId === modelId ? last.raisedAt.getTime() + MINUTE_MS : 0
  return scoreMinutes(pool, {
    pipeline: config.pipeline,
    modelId,
    from: new Date(Math.max(afterAlarm, now - LOOK_BACK_MS)),
    before: new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS),
  })
}

const toBlock = ({ minuteMs, histogram }: ScoreMinute) => ({ startMs: minuteMs, counts: histogram })

/** null where the model can not be opened: ingest does not score by it either. */
async function calibrationOf(pool: Pool, { pipeline }: Config, id: string): Promise<Watched | null> {
  const detector = await openStored(pool, pipeline, id)
  if (detector === null) return null
  const borders = Float64Array.from({ length: NLL_BUCKETS }, (_, bucket) => nllBucketStart(bucket))
  const pValues = Float64Array.from([...detector.pValues(borders), 0])
  await detector.close()
  return { modelId: id, buckets: calibrateBuckets(pValues, detector.metadata.calibration.rows) }
}

/** By the model's own idea of what is normal: the records of its window may be gone. */
async function movedFields(
  pool: Pool,
  { pipeline, features }: Config,
  id: string,
  recent: readonly Fields[],
): Promise<readonly FieldShift[]> {
  const detector = await openStored(pool, pipeline, id)
  if (detector === null || recent.length < FEWEST_COMPARED) return []
  try {
    const reference = (await detector.sample(COMPARED, 1))
      .map((record) => detector.read(record))
      .filter((read): read is Fields => !isRejection(read))
    return fieldShifts(features, reference, recent).filter(({ field }) => !isWindowed(features, field))
  } finally {
    await detector.close()
  }
}

/** A sampled record has no past: what its windows would hold can not be compared. */
function isWindowed(features: readonly Feature[], field: string): boolean {
  return features.some((feature) => feature.type === 'window' && feature.name === field)
}

const FEWEST_COMPARED = 40
const COMPARED = 2_000
