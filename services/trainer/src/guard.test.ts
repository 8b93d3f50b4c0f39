import { NLL_BUCKETS, nllBucket, ODDS_BUCKETS, oddsBucket, type ScoreMinute } from '@outflow/store/statistics'
import { expect, test } from 'vitest'
import { leftBounds } from './guard.js'

/** Minutes in which so many records had this nll, and so many of them were anomalies. */
function minutesOf(nll: number, scored: number, anomalies: number): ScoreMinute[] {
  const histogram = new Array<number>(NLL_BUCKETS).fill(0)
  histogram[nllBucket(nll)] = scored
  return [{ minuteMs: 0, scored, anomalies, histogram, pHistogram: [] }]
}

const gate = { nllRange: [2, 9] as const }
const asked = { alertRate: 0.01, contamination: 0.01 }

test('a model within the bounds of its gate is left alone', () => {
  expect(leftBounds(minutesOf(4, 1_000, 20), gate, asked)).toBeNull()
})

test('an anomaly share far above what was asked for is reported, and below it chance has its due', () => {
  expect(leftBounds(minutesOf(4, 1_000, 90), gate, asked)).toBe(
    'it flags 9.00 % of 1000 records; at most 8.25 % are accepted',
  )
  expect(leftBounds(minutesOf(4, 1_000, 80), gate, asked)).toBeNull()
})

test('a flood that recalibration hides is reported', () => {
  const pHistogram = new Array<number>(ODDS_BUCKETS).fill(0)
  pHistogram[oddsBucket(1e-4)] = 100
  expect(leftBounds([{ ...minutesOf(4, 1_000, 10)[0]!, pHistogram }], gate, asked)).toMatch(/^it flags 10.00 %/)
})

test('a median nll outside of what nine in ten had at the gate is reported, on either side', () => {
  for (const nll of [-30, 40]) expect(leftBounds(minutesOf(nll, 1_000, 0), gate, asked)).toMatch(/^the median nll is /)
  // Of a candidate whose scores were not finite, only the share is known.
  expect(leftBounds(minutesOf(40, 1_000, 0), { nllRange: [null, null] }, asked)).toBeNull()
})

test('few records say nothing', () => {
  expect(leftBounds(minutesOf(40, 499, 499), gate, asked)).toBeNull()
})
