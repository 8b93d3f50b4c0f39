import { expect, test } from 'vitest'
import { alertRateOf, detectionSchema } from './detection.js'

test('without a word the rate is a thousandth', () => {
  expect(alertRateOf(detectionSchema.parse({}), 1e6)).toBe(0.001)
  expect(alertRateOf(detectionSchema.parse({ alertRate: 0.02 }), 1e6)).toBe(0.02)
})

test.each([
  ['20/day', 1e6, 2e-5],
  ['1/hour', 1e6, 2.4e-5],
  ['0.5/minute', 1e6, 7.2e-4],
  ['7/week', 1e6, 1e-6],
  ['20/day', 20, 0.1],
  ['1/week', 1e12, 1e-9],
  ['20/day', null, 0.001],
])('a budget of %s at %d records a day is a rate of %d', (alertBudget, recordsPerDay, rate) => {
  expect(alertRateOf(detectionSchema.parse({ alertBudget }), recordsPerDay)).toBeCloseTo(rate, 12)
})

test.each([
  [{ alertRate: 0.01, alertBudget: '20/day' }],
  [{ alertBudget: '20/day', fdr: 0.1 }],
  [{ alertRate: 0.01, fdr: 0.1 }],
])('two of them are refused: %j', (detection) => {
  expect(detectionSchema.safeParse(detection).error?.issues[0]?.message).toMatch(/^allowed: one of/)
})

test.each(['20', 'day', '-1/day', '20/decade', '0/day'])('%s is no budget', (alertBudget) => {
  expect(detectionSchema.safeParse({ alertBudget }).success).toBe(false)
})
