import type { ModelMetadata, Recalibration } from '@outflow/contracts'
import {
  type CalibratedBuckets,
  calibrateBuckets,
  type Detector,
  type DriftAlarm,
  type DriftWatch,
  fitRecalibration,
  type Surplus,
  watchDrift,
  watchSurplus,
} from '@outflow/detector'
import { NLL_BUCKETS, nllBucketStart, ODDS_BUCKETS, oddsBucketStart, type ScoreMinute } from '@outflow/store/statistics'

interface ScoresRead {
  readonly alarm: DriftAlarm | null
  /** The highest chart, as a share of its limit. */
  readonly level: number
  /** More anomalies than are due, where no alarm has reported their cause; null: there are none. */
  readonly surplus: Surplus | null
  /** Recalibration of p-values to these scores; null: too few records for one. */
  readonly recalibration: Recalibration | null
}

interface ReadScoresOptions {
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
 * Reads a model's minutes: whether its scores have drifted since its last alarm, and the recalibration of p-values to them. A change
 * that goes on is reported once; after an alarm, earlier scores are not used.
 *
 * @param minutes  that are over, in order of time
 */
export function readScores(
  minutes: readonly ScoreMinute[],
  { buckets, last, limit, alertRate, within }: ReadScoresOptions,
): ScoresRead {
  const { alarm, level } = nextAlarm(minutes, { buckets, last, limit })
  const changedMs = alarm?.changedMs ?? last?.changedMs ?? 0
  const blocks = minutes
    .filter(({ minuteMs }) => minuteMs >= changedMs)
    .map(({ minuteMs, pHistogram }) => ({ startMs: minuteMs, counts: pHistogram }))
  const surplus = watchSurplus(
    blocks.filter(({ startMs }) => last === null || startMs > last.raisedMs),
    { borders: ODDS_BORDERS, alertRate, calibrated: buckets.calibrated, limit },
  )
  return {
    alarm,
    level,
    surplus: alarm === null && surplus !== null && !goesOn(surplus, last) ? surplus : null,
    recalibration: fitRecalibration(blocks, { borders: ODDS_BORDERS, alertRate, within }),
  }
}

/**
 * A model that is not replaced is alarmed of the same change again and again: an alarm whose sum began to rise right after
 * the last is passed over. Else each would move the beginning of the next window past the records that it is to hold.
 */
function nextAlarm(
  minutes: readonly ScoreMinute[],
  { buckets, last, limit }: Pick<ReadScoresOptions, 'buckets' | 'last' | 'limit'>,
): DriftWatch {
  for (let before = last; ; ) {
    const found = watchDrift(sinceAlarm(minutes, before).map(toBlock), buckets, limit)
    if (found.alarm === null || !goesOn(found.alarm, before)) return found
    before = found.alarm
  }
}

function goesOn({ changedMs }: { readonly changedMs: number }, before: ReadScoresOptions['last']): boolean {
  return before !== null && changedMs <= before.raisedMs + SAME_CHANGE_MS
}

/** Minutes that no alarm has spoken of yet. */
export function sinceAlarm(
  minutes: readonly ScoreMinute[],
  last: Pick<DriftAlarm, 'raisedMs'> | null,
): readonly ScoreMinute[] {
  return minutes.filter(({ minuteMs }) => last === null || minuteMs > last.raisedMs)
}

/**
 * Largest factor by which odds are recalibrated under a model. Where no tail goes on beyond its calibration records, a record that is less likely than
 * all of them has a p-value no smaller than 1 / (n + 1), and stays an anomaly nevertheless.
 */
export function recalibrationLimit(
  within: number,
  { smallestPValue, tail }: Pick<ModelMetadata['calibration'], 'smallestPValue' | 'tail'>,
  alertRate: number,
): number {
  return tail ? within : Math.max(1, Math.min(within, alertRate / smallestPValue))
}

/** Drift statistics of the buckets of NLLs of a model. */
export function bucketsOf({ pValues, metadata }: Detector): CalibratedBuckets {
  const borders = Float64Array.from({ length: NLL_BUCKETS }, (_, bucket) => nllBucketStart(bucket))
  return calibrateBuckets(Float64Array.from([...pValues(borders), 0]), metadata.calibration.rows)
}

const SAME_CHANGE_MS = 10 * 60_000

/** A twentieth of the odds: a recalibration that differs by less from the one before is not stored. */
export const LEAST_DIFFERENCE = 0.05

const ODDS_BORDERS = [...Array.from({ length: ODDS_BUCKETS }, (_, bucket) => oddsBucketStart(bucket)), 0]

const toBlock = ({ minuteMs, histogram }: ScoreMinute) => ({ startMs: minuteMs, counts: histogram })
