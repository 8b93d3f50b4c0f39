import type { GateReport } from '@outflow/contracts'
import { formatShare } from '@outflow/contracts/wording'
import { decide, sameFeatures } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { storeTime } from '@outflow/store'
import { listModels, modelSummary, rollBackModel } from '@outflow/store/models'
import { NLL_BUCKETS, nllBucketStart, oddsBucket, type ScoreMinute } from '@outflow/store/statistics'
import { anomalyBound, type GateOptions } from '../fit/gate.js'
import type { TrainerContext } from '../trainer-context.js'
import { withStored } from '../with-stored.js'
import type { ReadRecent } from './read-recent.js'

/** How long a new model is on probation, and how many records it must have scored before the first check. */
const PROBATION_MS = 3_600_000
const FEWEST_SCORED = 500
/** Interval between checks of a model that exceeds its bounds but is not rolled back. */
const CHECK_EVERY_MS = 300_000
/** The factor by which the previous model must find fewer anomalies in the same records; after a change of the stream both find too many. */
const BETTER_BY = 1.5

/**
 * Compares a new model's first hour with the bounds of its gate. If it exceeds them, and the previous model finds far fewer anomalies in the
 * same records, it is rolled back. A model made by labels is not checked: it has the weights of one that was, and finds the anomalies that
 * people confirmed.
 *
 * @returns a function of the model, its minutes and the configured alert rate under it: whether the model was rolled back
 */
export function makeGuard(
  context: Pick<TrainerContext, 'config' | 'pool' | 'models' | 'telemetry'>,
  readRecent: ReadRecent,
) {
  const { config, pool, telemetry } = context
  const { pipeline, training } = config
  let checked: { readonly modelId: string; readonly atMs: number } | null = null

  return async (modelId: string, minutes: readonly ScoreMinute[], alertRate: number): Promise<boolean> => {
    const active = await modelSummary(pool, { pipeline, id: modelId })
    const now = await storeTime(pool)
    const isOnProbation = now - (active?.promotedAt?.getTime() ?? 0) < PROBATION_MS
    if (!active?.metadata || !isOnProbation || active.metadata.calibration.labels !== null) return false
    const exceeded = exceededBound(minutes, active.metrics, { alertRate, contamination: training.contamination })
    const isChecked = checked?.modelId === modelId && performance.now() - checked.atMs < CHECK_EVERY_MS
    if (exceeded === null || isChecked) return false

    const [before] = (await listModels(pool, pipeline))
      .filter(({ state }) => state === 'retired')
      .toSorted((a, b) => (b.promotedAt?.getTime() ?? 0) - (a.promotedAt?.getTime() ?? 0))
    if (!before?.metadata) return false
    const { features } = before.metadata
    const sinceMs = now - PROBATION_MS
    const recent = await readRecent(sinceMs, active.metadata.features)
    const recentBefore = sameFeatures(active.metadata, features) ? recent : await readRecent(sinceMs, features)
    // At a lower rate a previous model of few records finds no anomaly in any stream.
    const rate = Math.max(alertRate, before.metadata.calibration.smallestPValue)
    const share = await anomalyShareOf(modelId, recent, rate)
    const shareBefore = await anomalyShareOf(before.id, recentBefore, rate)
    if (share === null || shareBefore === null || share < BETTER_BY * Math.max(shareBefore, rate)) {
      checked = { modelId, atMs: performance.now() }
      telemetry.boundsExceeded(modelId, exceeded, share, shareBefore)
      return false
    }
    const rolled = await rollBackModel(pool, { pipeline, from: modelId, by: 'guard', why: exceeded })
    if (rolled !== null) telemetry.modelRolledBack(modelId, rolled.to, exceeded)
    return rolled !== null
  }

  async function anomalyShareOf(id: string, records: readonly Fields[], alertRate: number): Promise<number | null> {
    if (records.length === 0) return null
    return withStored(context, id, async (detector) => {
      const { pValue } = await detector.score(records)
      return decide(pValue, { alertRate }).anomalies.length / pValue.length
    })
  }
}

/** Describes the bound of the gate that the live scores exceed; null: none, or too few records to decide. */
export function exceededBound(
  minutes: readonly ScoreMinute[],
  { nllRange }: Pick<GateReport, 'nllRange'>,
  expected: Pick<GateOptions, 'alertRate' | 'contamination'>,
): string | null {
  const scored = minutes.reduce((sum, minute) => sum + minute.scored, 0)
  if (scored < FEWEST_SCORED) return null
  const share = minutes.reduce((sum, minute) => sum + anomaliesOf(minute, expected.alertRate), 0) / scored
  const most = anomalyBound(expected, scored)
  if (share > most)
    return `it finds anomalies in ${formatShare(share)} of ${scored} records; at most ${formatShare(most)} are accepted`
  const [low, high] = nllRange
  if (low === null || high === null) return null
  const median = medianOf(minutes, scored)
  if (median.upper >= low && median.lower <= high) return null
  return `the median nll is ${median.lower.toFixed(1)} nats; nine in ten were between ${low.toFixed(1)} and ${high.toFixed(1)}`
}

/** Recalibration may hide too many anomalies, so those by the model's own calibration count as well, to the precision of a bucket. */
function anomaliesOf({ anomalies, pHistogram }: ScoreMinute, alertRate: number): number {
  return Math.max(
    anomalies,
    pHistogram.slice(oddsBucket(alertRate) + 1).reduce((sum, count) => sum + count, 0),
  )
}

/** The bounds of the bucket that contains the median. */
function medianOf(minutes: readonly ScoreMinute[], scored: number): { readonly lower: number; readonly upper: number } {
  let next = 0
  for (let below = 0; below < scored / 2 && next < NLL_BUCKETS; next++) {
    below += minutes.reduce((sum, { histogram }) => sum + histogram[next]!, 0)
  }
  return {
    lower: nllBucketStart(next - 1),
    upper: next < NLL_BUCKETS ? nllBucketStart(next) : Number.POSITIVE_INFINITY,
  }
}
