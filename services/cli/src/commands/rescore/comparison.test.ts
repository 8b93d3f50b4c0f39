import { expect, test } from 'vitest'
import { makeComparison } from './comparison.js'

const aRecord = (offset: number, isAnomaly: boolean, pValueThen: number | null, wasScored = true) => ({
  id: `p/t/0/${offset}`,
  nll: offset,
  pValue: 0.1,
  pValueThen,
  isAnomaly,
  wasScored,
})

test('new decisions are compared with the stored ones', () => {
  const comparison = makeComparison(10)
  comparison.add(aRecord(0, false, null))
  comparison.add(aRecord(1, true, 0.001))
  comparison.add(aRecord(2, true, null))
  comparison.add(aRecord(3, false, 0.002))
  comparison.add(aRecord(4, true, null, false))
  comparison.reject(null)
  expect(comparison.result()).toMatchObject({
    records: 6,
    scored: 5,
    rejected: 1,
    notScoredThen: 1,
    anomaliesThen: 2,
    anomaliesNow: 3,
    stillAnomalies: 1,
    newAnomalies: 2,
    noLongerAnomalies: 1,
    newly: [{ id: 'p/t/0/4' }, { id: 'p/t/0/2' }],
    noLonger: [{ id: 'p/t/0/3', pValueThen: 0.002 }],
  })
})

test('a stored anomaly whose record is now rejected is no longer an anomaly (it was not counted)', () => {
  const comparison = makeComparison(10)
  comparison.reject(0.001)
  expect(comparison.result()).toMatchObject({ rejected: 1, anomaliesThen: 1, noLongerAnomalies: 1, noLonger: [] })
})

test('of many changes the least likely are kept, and all are counted', () => {
  const comparison = makeComparison(3)
  for (let offset = 0; offset < 5_000; offset++) comparison.add(aRecord((offset * 7_919) % 5_000, true, null))
  const { newAnomalies, newly } = comparison.result()
  expect(newAnomalies).toBe(5_000)
  expect(newly.map(({ nll }) => nll)).toEqual([4_999, 4_998, 4_997])
})
