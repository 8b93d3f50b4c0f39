import { expect, test } from 'vitest'
import { z } from 'zod'
import { StoredValueDamaged } from './errors.js'
import { jsonColumn } from './json-column.js'

const read = jsonColumn('outflow.fits.report', z.object({ seed: z.int(), rows: z.array(z.number()) }))

test('a stored value is parsed with its schema', () => {
  expect(read({ seed: 7, rows: [1] }, '12')).toEqual({ seed: 7, rows: [1] })
})

test('the error of a value that does not match contains table, column, row and the path in the value', () => {
  expect(() => read({ seed: 7, rows: ['one'] }, '12')).toThrow(StoredValueDamaged)
  expect(() => read({ seed: 7, rows: ['one'] }, '12')).toThrow(/^outflow\.fits\.report of 12 .*rows\[0\]/)
  expect(() => read(null, '12')).toThrow(/^outflow\.fits\.report of 12 /)
})
