import type { NewValue } from '@outflow/detector'
import type { Fields } from '@outflow/records'
import { expect, test } from 'vitest'
import { isNewRegime } from './new-regime.js'

const RECORD: Fields = { numbers: [], categories: [] }
const news = (value: string): NewValue => ({ field: 'kind', value })

/** What the detector says of each anomaly. */
const asked = (...found: readonly (NewValue | null)[]) =>
  isNewRegime(
    { newValues: async () => [...found] },
    found.map(() => RECORD),
  )
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value)

test('half of the anomalies due to one new value, or for several that many have, is news', async () => {
  expect(await asked(...times(30, news('purge')), ...times(30, null))).toBe(true)
  expect(await asked(...times(15, news('purge')), ...times(15, news('drop')), ...times(30, null))).toBe(true)
})

test('an attack on known values is none, nor is a few records of a new one, nor one value each', async () => {
  expect(await asked()).toBe(false)
  expect(await asked(...times(29, news('purge')), ...times(31, null))).toBe(false)
  expect(await asked(...times(9, news('purge')))).toBe(false)
  expect(await asked(...Array.from({ length: 60 }, (_, at) => news(`id ${at}`)))).toBe(false)
})
