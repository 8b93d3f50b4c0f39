import type { NewValue } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { expect, test } from 'vitest'
import { isNewRegime } from './new-regime.js'

const RECORD: Fields = { numbers: [], categories: [] }
const news = (value: string): NewValue => ({ field: 'kind', value })

/** The detector's result for each anomaly. */
const asked = (...found: readonly (NewValue | null)[]) =>
  isNewRegime(
    { newValues: async () => [...found] },
    found.map(() => RECORD),
  )
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value)

test('a new regime: half of the anomalies due to one new value, or to several frequent new values', async () => {
  expect(await asked(...times(30, news('purge')), ...times(30, null))).toBe(true)
  expect(await asked(...times(15, news('purge')), ...times(15, news('drop')), ...times(30, null))).toBe(true)
})

test('no new regime: an attack with known values, few records of a new value, a different new value in each record', async () => {
  expect(await asked()).toBe(false)
  expect(await asked(...times(29, news('purge')), ...times(31, null))).toBe(false)
  expect(await asked(...times(9, news('purge')))).toBe(false)
  expect(await asked(...Array.from({ length: 60 }, (_, at) => news(`id ${at}`)))).toBe(false)
})
