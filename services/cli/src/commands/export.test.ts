import { expect, it } from 'vitest'
import { formatOf } from './export.js'

it('takes the format of the name, else of --format (a.parquet was written as CSV)', () => {
  expect(formatOf({ output: 'a.parquet', format: 'csv' })).toBe('parquet')
  expect(formatOf({ output: 'A.CSV.GZ' })).toBe('csv')
  expect(formatOf({ output: 'a.parquet' })).toBe('parquet')
  expect(formatOf({ output: 'a.csv.gz' })).toBe('csv')
  expect(formatOf({ output: '-', format: 'csv' })).toBe('csv')
  expect(() => formatOf({ output: 'a.txt' })).toThrow('a.txt has no known extension')
})

it('rejects a name in .gz for Parquet, which no reader would open', () => {
  const message = 'a Parquet file is compressed inside; name it a.parquet'
  expect(() => formatOf({ output: 'a.parquet.gz' })).toThrow(`a.parquet.gz: ${message}`)
  expect(() => formatOf({ output: 'a.parquet.gz', format: 'parquet' })).toThrow(message)
})
