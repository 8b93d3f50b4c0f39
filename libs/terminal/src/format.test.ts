import { expect, test } from 'vitest'
import { formatCounted } from './format.js'

test.each([
  [1, 'anomaly', '1 anomaly'],
  [0, 'anomaly', '0 anomalies'],
  [1, 'record', '1 record'],
  [2_000, 'record', '2,000 records'],
  [3, 'day', '3 days'],
])('%d and %s are written %s (it was "1 anomalies")', (count, noun, text) =>
  expect(formatCounted(count, noun)).toBe(text),
)
