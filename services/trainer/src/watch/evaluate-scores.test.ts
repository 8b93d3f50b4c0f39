import type { ModelMetadata } from '@outflow/contracts'
import { calibrateBuckets, driftLimit } from '@outflow/detector'
import {
  NLL_BUCKETS,
  nllBucket,
  nllBucketStart,
  ODDS_BUCKETS,
  oddsBucket,
  type ScoreMinute,
} from '@outflow/store/statistics'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { evaluateScores, recalibrationLimit } from './evaluate-scores.js'

const MINUTE_MS = 60_000
/** The p-value of an NLL is e^−nll. */
const borders = Float64Array.from({ length: NLL_BUCKETS + 1 }, (_, bucket) =>
  bucket === NLL_BUCKETS ? 0 : Math.min(1, Math.exp(-nllBucketStart(bucket))),
)
const options = {
  buckets: calibrateBuckets(borders, 10_000),
  last: null,
  limit: driftLimit(43_200),
  alertRate: 0.01,
  within: 10,
}

/** Five hundred records a minute; NLLs are exponential, scaled by a factor that depends on the minute. */
function minutesOf(count: number, growth: (minute: number) => number): ScoreMinute[] {
  const random = xoroshiro128plus(3)
  return Array.from({ length: count }, (_, minute) => {
    const histogram = new Array<number>(NLL_BUCKETS).fill(0)
    const pHistogram = new Array<number>(ODDS_BUCKETS).fill(0)
    for (let record = 0; record < 500; record++) {
      const nll = -Math.log(1 - uniformFloat64(random)) * growth(minute)
      histogram[nllBucket(nll)]! += 1
      pHistogram[oddsBucket(Math.exp(-nll))]! += 1
    }
    return { minuteMs: minute * MINUTE_MS, scored: 500, anomalies: 0, histogram, pHistogram }
  })
}

test('a lasting change is reported once, and a later change again', () => {
  const alarms = []
  const minutes = minutesOf(300, (minute) => (minute < 60 || (minute >= 160 && minute < 220) ? 1 : 1.5))
  for (let now = 1; now <= minutes.length; now++) {
    const { alarm } = evaluateScores(minutes.slice(0, now), { ...options, last: alarms.at(-1) ?? null })
    if (alarm !== null) alarms.push(alarm)
  }
  expect(alarms).toHaveLength(2)
  for (const [place, minute] of [60, 220].entries()) {
    expect(Math.abs(alarms[place]!.changedMs / MINUTE_MS - minute)).toBeLessThan(4)
  }
})

test('p-values are recalibrated to the scores after the change only', () => {
  const minutes = minutesOf(40, (minute) => (minute < 34 ? 1 : 1.2))
  const before = evaluateScores(minutes, { ...options, limit: 1e9 }).recalibration!
  const last = { changedMs: 34 * MINUTE_MS, raisedMs: 39 * MINUTE_MS }
  const since = evaluateScores(minutes, { ...options, last }).recalibration!
  const atLine = before.at.findIndex((logOdds) => logOdds > 4.5)
  expect(since.shift[atLine]).toBeGreaterThan(1.5 * before.shift[atLine]!)
})

test('a record less likely than every calibration record stays an anomaly, with or without a tail model', () => {
  const limit = (within: number, alertRate: number, own: { hasTail?: true; provisional?: true } = {}) =>
    recalibrationLimit(
      within,
      {
        provisional: false,
        ...own,
        calibration: { smallestPValue: 0.005, hasTail: own.hasTail ?? false },
      } as ModelMetadata,
      alertRate,
    )
  expect(limit(10, 0.01)).toBe(2)
  expect(limit(10, 0.001)).toBe(1)
  expect(limit(1.5, 0.01)).toBe(1.5)
  expect(limit(10, 0.01, { hasTail: true })).toBe(10)
  expect(limit(10, 0.01, { hasTail: true, provisional: true })).toBe(2)
})
