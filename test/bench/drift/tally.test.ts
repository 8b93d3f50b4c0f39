import { expect, test } from 'vitest'
import { makeTally } from './tally.js'

/** A thousand records per minute, with this number of anomalies. */
function tallyOf(anomaliesByMinute: readonly number[]) {
  const tally = makeTally(anomaliesByMinute.length, 0.01)
  for (const [minute, flagged] of anomaliesByMinute.entries()) {
    for (let record = 0; record < 1_000; record++) tally.add(minute, false, record < flagged)
  }
  return tally.report()
}

test('a stretch that begins with a flood is within the budget from the first minute whose next 10,000 records are', () => {
  const flood = [100, 100, 100, ...new Array<number>(27).fill(10)]
  expect(tallyOf(flood)).toMatchObject({ anomalyShare: 0.019, settledShare: 0.01, backInsideMinutes: 3 })
  expect(tallyOf(new Array<number>(30).fill(13))).toMatchObject({ backInsideMinutes: null })
})

test('planted records are counted separately', () => {
  const tally = makeTally(1, 0.01)
  for (const [isPlanted, isAnomaly] of [
    [true, true],
    [true, false],
    [false, true],
  ] as const) {
    tally.add(0, isPlanted, isAnomaly)
  }
  expect(tally.report()).toMatchObject({ plantedFound: 0.5 })
})
