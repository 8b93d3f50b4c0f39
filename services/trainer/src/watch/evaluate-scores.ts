import type { ModelMetadata } from '@outflow/contracts'
import {
  type CalibratedBuckets,
  calibrateBuckets,
  type Detector,
  type DriftAlarm,
  type DriftWatch,
  fitRecalibration,
  watchDrift,
  watchSurplus,
} from '@outflow/detector'
import { NLL_BUCKETS, nllBucketStart, ODDS_BUCKETS, oddsBucketStart, type ScoreMinute } from '@outflow/store/statistics'

interface EvaluationOptions {
  readonly buckets: CalibratedBuckets
  /** The model's last alarm, epoch ms; null: none yet. */
  readonly last: Pick<DriftAlarm, 'raisedMs' | 'changedMs'> | null
  /** From `driftLimit`. */
  readonly limit: number
  readonly alertRate: number
  /** Largest factor by which odds are recalibrated. */
  readonly within: number
}

/**
 * Evaluates a model's minutes: whether its scores have drifted since its last alarm, and the recalibration of p-values to them. A
 * lasting change is reported once; after an alarm, earlier scores are not used.
 *
 * @param minutes  completed minutes, in order of time
 */
export function evaluateScores(
  minutes: readonly ScoreMinute[],
  { buckets, last, limit, alertRate, within }: EvaluationOptions,
) {
  const { alarm, level } = nextAlarm(minutes, { buckets, last, limit })
  const changedMs = alarm?.changedMs ?? last?.changedMs ?? 0
  const blocks = minutes.filter(({ minuteMs }) => minuteMs >= changedMs).map(toOddsBlock)
  const surplus = watchSurplus(sinceAlarm(minutes, last).map(toOddsBlock), {
    borders: ODDS_BORDERS,
    alertRate,
    calibrated: buckets.calibrated,
    limit,
  })
  return {
    alarm,
    /** The highest chart, as a fraction of its limit. */
    level,
    /** Excess anomalies whose cause no alarm has reported; null: none. */
    surplus: alarm === null && surplus !== null && !isSameChange(surplus, last) ? surplus : null,
    /** Recalibration of p-values to these scores; null: too few records for one. */
    recalibration: fitRecalibration(blocks, { borders: ODDS_BORDERS, alertRate, within }),
  }
}

/**
 * A model that is not replaced would raise an alarm about the same change repeatedly, so an alarm whose sum began to rise right after
 * the last alarm is skipped. Otherwise each alarm would move the start of the next window past the records that it should contain.
 */
function nextAlarm(
  minutes: readonly ScoreMinute[],
  { buckets, last, limit }: Pick<EvaluationOptions, 'buckets' | 'last' | 'limit'>,
): DriftWatch {
  for (let before = last; ; ) {
    const found = watchDrift(sinceAlarm(minutes, before).map(toNllBlock), buckets, limit)
    if (found.alarm === null || !isSameChange(found.alarm, before)) return found
    before = found.alarm
  }
}

function isSameChange({ changedMs }: { readonly changedMs: number }, before: EvaluationOptions['last']): boolean {
  return before !== null && changedMs <= before.raisedMs + SAME_CHANGE_MS
}

export function sinceAlarm(
  minutes: readonly ScoreMinute[],
  last: Pick<DriftAlarm, 'raisedMs'> | null,
): readonly ScoreMinute[] {
  return minutes.filter(({ minuteMs }) => last === null || minuteMs > last.raisedMs)
}

/**
 * Largest factor by which odds are recalibrated under a model. Without a tail model beyond the calibration records, and of a provisional
 * model, a record less likely than all of them has a p-value of at least 1 / (n + 1); the limit keeps such a record an anomaly.
 */
export function recalibrationLimit(
  within: number,
  { provisional, calibration: { smallestPValue, hasTail } }: Pick<ModelMetadata, 'provisional' | 'calibration'>,
  alertRate: number,
): number {
  return hasTail && !provisional ? within : Math.max(1, Math.min(within, alertRate / smallestPValue))
}

/** Drift statistics of the buckets of NLLs of a model. */
export function bucketsOf({ pValues, metadata }: Detector): CalibratedBuckets {
  const borders = Float64Array.from({ length: NLL_BUCKETS }, (_, bucket) => nllBucketStart(bucket))
  return calibrateBuckets(Float64Array.from([...pValues(borders), 0]), metadata.calibration.rows)
}

const SAME_CHANGE_MS = 10 * 60_000

/** A twentieth of the odds: a recalibration that differs by less from the previous one is not stored. */
export const LEAST_DIFFERENCE = 0.05

const ODDS_BORDERS = [...Array.from({ length: ODDS_BUCKETS }, (_, bucket) => oddsBucketStart(bucket)), 0]

const toNllBlock = ({ minuteMs, histogram }: ScoreMinute) => ({ startMs: minuteMs, counts: histogram })
const toOddsBlock = ({ minuteMs, pHistogram }: ScoreMinute) => ({ startMs: minuteMs, counts: pHistogram })
