import { expect, test } from 'vitest'
import { readableOf } from './watch-scores.js'

test('stored anomalies are read with their windowed values (without a rate an attack was taken for a new regime)', () => {
  const read = (_: unknown, windowed: readonly (number | null)[] = []) => ({
    numbers: windowed.map(Number),
    categories: [],
  })
  const record = { amount: 100 }
  expect(
    readableOf({ read }, [
      { record, windowed: [500] },
      { record, windowed: null },
    ]),
  ).toEqual([
    { numbers: [500], categories: [] },
    { numbers: [], categories: [] },
  ])
})
