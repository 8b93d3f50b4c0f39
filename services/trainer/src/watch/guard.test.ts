import { NLL_BUCKETS, nllBucket, ODDS_BUCKETS, oddsBucket, type ScoreMinute } from '@outflow/store/statistics'
import { expect, test } from 'vitest'
import { exceededBound } from './guard.js'

/** Minutes with this number of records of one nll, and of anomalies among them. */
function minutesOf(nll: number, scored: number, anomalies: number): ScoreMinute[] {
  const histogram = new Array<number>(NLL_BUCKETS).fill(0)
  histogram[nllBucket(nll)] = scored
  return [{ minuteMs: 0, scored, anomalies, histogram, pHistogram: [] }]
}

const gate = { nllRange: [2, 9] as const }
const asked = { alertRate: 0.01, contamination: 0.01 }

test('a model within the bounds of its gate is not reported', () => {
  expect(exceededBound(minutesOf(4, 1_000, 20), gate, asked)).toBeNull()
})

test('a share of anomalies far above the configured one is reported, one within random variation is not', () => {
  expect(exceededBound(minutesOf(4, 1_000, 90), gate, asked)).toBe(
    'it finds anomalies in 9 % of 1000 records; at most 8.25 % are accepted',
  )
  expect(exceededBound(minutesOf(4, 1_000, 80), gate, asked)).toBeNull()
})

test('too many anomalies are reported even if recalibration hides them', () => {
  const pHistogram = new Array<number>(ODDS_BUCKETS).fill(0)
  pHistogram[oddsBucket(1e-4)] = 100
  expect(exceededBound([{ ...minutesOf(4, 1_000, 10)[0]!, pHistogram }], gate, asked)).toMatch(
    /^it finds anomalies in 10 %/,
  )
})

test('a median nll outside the range of nine in ten records at the gate is reported, on either side', () => {
  for (const nll of [-30, 40])
    expect(exceededBound(minutesOf(nll, 1_000, 0), gate, asked)).toMatch(/^the median nll is /)
  // For a candidate whose scores were not finite, only the share is checked.
  expect(exceededBound(minutesOf(40, 1_000, 0), { nllRange: [null, null] }, asked)).toBeNull()
})

test('with few records nothing is reported', () => {
  expect(exceededBound(minutesOf(40, 499, 499), gate, asked)).toBeNull()
})
