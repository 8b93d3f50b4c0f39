import { expect, test } from 'vitest'
import { aCleanBatch } from '../test-builders.js'
import { judgeAt, severityOf } from './judge.js'

test('an anomaly is a record whose p-value is at most the alert rate', () => {
  const scores = {
    nll: Float64Array.of(1, 9, 5, 7),
    pValue: Float64Array.of(0.5, 0.001, 0.0100001, 0.01),
    unseenValues: 0,
    missingValues: 0,
  }
  const { outliers } = judgeAt(0.01)({ ...aCleanBatch([1, 9, 5, 7]), scores })
  expect(outliers).toEqual([1, 3])
})

test.each([
  [0.01, 'low'],
  [0.0051, 'low'],
  [0.005, 'medium'],
  [0.00126, 'medium'],
  [0.00125, 'high'],
  [1e-9, 'high'],
])('at an alert rate of 0.01 a p-value of %d is %s', (pValue, severity) => {
  expect(severityOf(pValue, 0.01)).toBe(severity)
})
