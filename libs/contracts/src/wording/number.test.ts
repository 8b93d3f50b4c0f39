import { expect, test } from 'vitest'
import { formatNumber } from './number.js'

test.each([
  [0, '0'],
  [-1_380.5, '−1,380.5'],
  [12_345_678.9, '12,345,679'],
  [1_700_000_123, '1,700,000,123'],
  [0.000_012, '0.000012'],
  [1e300, '1e300'],
  [-1.234_567_8e300, '−1.23457e300'],
  [1e-300, '1e−300'],
])('%d reads %s', (value, text) => expect(formatNumber(value)).toBe(text))
