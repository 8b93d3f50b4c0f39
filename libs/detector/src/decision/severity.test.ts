import { expect, test } from 'vitest'
import { severityOf } from './severity.js'

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
