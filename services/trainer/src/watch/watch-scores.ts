import type { Config, ModelMetadata } from '@outflow/contracts'
import {
  alertRateOf,
  type CalibratedBuckets,
  type Detector,
  type DriftAlarm,
  driftLimit,
  type FieldShift,
  recalibrate,
  recalibrationDistance,
  type Surplus,
} from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { type Pool, storeTime } from '@outflow/store'
import { newestAnomalies } from '@outflow/store/anomalies'
import {
  activeModelId,
  latestDriftAlarm,
  latestRecalibration,
  noteDriftAlarm,
  noteRecalibration,
  type StoredDriftAlarm,
} from '@outflow/store/models'
import { type ScoreMinute, scoreMinutes } from '@outflow/store/statistics'
import type { TrainerContext } from '../trainer-context.js'
import { fittedUntilMs } from '../window/hold-out.js'
import { withStored } from '../with-stored.js'
import { bucketsOf, evaluateScores, LEAST_DIFFERENCE, recalibrationLimit, sinceAlarm } from './evaluate-scores.js'
import { makeGuard } from './guard.js'
import { isNewRegime, NEWEST_ANOMALIES } from './new-regime.js'
import type { ReadRecent } from './read-recent.js'

/** Short enough for statistics by the minute. */
const CHECK_EVERY_MS = 15_000
const MINUTE_MS = 60_000
/** The sums begin at most a day back; a change too slow to show within a day is learned from the next training window. */
const LOOK_BACK_MS = 86_400_000

type WatchContext = Pick<TrainerContext, 'config' | 'pool' | 'models' | 'telemetry'>

interface WatchedModel {
  readonly buckets: CalibratedBuckets
  readonly metadata: ModelMetadata
}

/**
 * Returns a function that checks the active model's scores for drift, guards its first hour, and recalibrates it to slow change of its
 * scores, at most every 15 s.
 *
 * The result is a function of `outflow.score_statistics` and `outflow.anomalies`, which are written in the transactions that count the
 * records. It is computed from scratch each time, so a crash does not change it.
 */
export function watchScores(context: WatchContext, readRecent: ReadRecent): () => Promise<void> {
  const { config, pool, telemetry } = context
  const limit = driftLimit(config.training.falseDriftEvery / MINUTE_MS)
  const guard = makeGuard(context, readRecent)
  let watched: WatchedModel | null = null
  let checkedMs = Number.NEGATIVE_INFINITY

  return async () => {
    if (performance.now() - checkedMs < CHECK_EVERY_MS) return
    checkedMs = performance.now()
    const modelId = await activeModelId(pool, config.pipeline)
    if (modelId === null) return
    if (watched?.metadata.modelId !== modelId) watched = await loadWatched(context, modelId)
    if (watched !== null) await check(watched)
  }

  async function check(model: WatchedModel): Promise<void> {
    const { metadata } = model
    const { modelId } = metadata
    const latest = await latestDriftAlarm(pool, { pipeline: config.pipeline, modelId })
    const last = latest && toAlarm(latest)
    const minutes = await recentMinutes(pool, config, metadata)
    const alertRate = alertRateOf(config.detection, metadata)
    if (await guard(modelId, sinceAlarm(minutes, last), alertRate)) return
    const within = recalibrationLimit(config.detection.recalibrateWithin, metadata, alertRate)
    const settings = { ...model, last, limit, alertRate, within }
    const { alarm, level, surplus, recalibration } = evaluateScores(minutes, settings)
    telemetry.driftWatched(level)
    // The p-values of a provisional model are too rough: its charts would report them as drift.
    if (!metadata.provisional) {
      const found = alarm ?? (surplus && (await newRegimeIn(surplus, modelId)))
      if (found !== null) await raise(metadata, found)
    }
    const stored = (await latestRecalibration(pool, { pipeline: config.pipeline, modelId }))?.recalibration ?? null
    const isChanged = recalibration !== null && recalibrationDistance(recalibration, stored) >= LEAST_DIFFERENCE
    const current = isChanged ? recalibration : stored
    const factor = recalibrate(current, Float64Array.of(alertRate))[0]! / alertRate
    telemetry.recalibrationWatched(factor)
    if (!isChanged) return
    const until = new Date(minutes.at(-1)!.minuteMs)
    await noteRecalibration(pool, { pipeline: config.pipeline, modelId, recalibration, factor, until })
    telemetry.modelRecalibrated(modelId, factor)
  }

  /** Returns an alarm if a new value causes the surplus; null otherwise, and the records stay anomalies. */
  async function newRegimeIn(surplus: Surplus, modelId: string): Promise<DriftAlarm | null> {
    const from = new Date(surplus.changedMs)
    const anomalies = await newestAnomalies(pool, { pipeline: config.pipeline, modelId, from, limit: NEWEST_ANOMALIES })
    return withStored(context, modelId, async (detector) =>
      (await isNewRegime(detector, readableOf(detector, anomalies))) ? { chart: 'new value', ...surplus } : null,
    )
  }

  async function raise({ modelId, features }: ModelMetadata, alarm: DriftAlarm): Promise<void> {
    const recent = await readRecent(alarm.changedMs, features)
    const fields = await movedFields(context, modelId, recent)
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

const toAlarm = ({ raisedAt, changedAt }: StoredDriftAlarm) => ({
  raisedMs: raisedAt.getTime(),
  changedMs: changedAt.getTime(),
})

/** Returns the model's completed minutes since its training window, whose records are more likely than new ones under the model. */
async function recentMinutes(pool: Pool, config: Config, model: ModelMetadata): Promise<readonly ScoreMinute[]> {
  const now = await storeTime(pool)
  return scoreMinutes(pool, {
    pipeline: config.pipeline,
    modelId: model.modelId,
    from: new Date(Math.max(now - LOOK_BACK_MS, fittedUntilMs(model) ?? 0)),
    before: new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS),
  })
}

/** null if the model cannot be opened; ingest cannot score with it either. */
function loadWatched(context: WatchContext, id: string): Promise<WatchedModel | null> {
  return withStored(context, id, async (detector) => ({ metadata: detector.metadata, buckets: bucketsOf(detector) }))
}

/** Compares recent records with the model, because the records of its training window may have been deleted. */
async function movedFields(
  context: WatchContext,
  id: string,
  recent: readonly Fields[],
): Promise<readonly FieldShift[]> {
  if (recent.length < FEWEST_COMPARED) return []
  return (await withStored(context, id, async (detector) => detector.fieldShifts(recent))) ?? []
}

/** The fields of stored anomalies, without those that the model cannot read. */
export function readableOf(
  detector: Pick<Detector, 'read'>,
  anomalies: Awaited<ReturnType<typeof newestAnomalies>>,
): readonly Fields[] {
  return anomalies
    .map(({ record, windowed }) => detector.read(record, windowed ?? undefined))
    .flatMap((read) => ('reason' in read ? [] : [read]))
}

const FEWEST_COMPARED = 40
