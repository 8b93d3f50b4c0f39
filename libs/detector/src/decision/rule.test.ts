import { configSchema } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { alertRateOf, decisionRule } from './rule.js'

const detection = (own: object) => configSchema.shape.detection.parse(own)

test.each([
  ['20/day', 1e6, 2e-5],
  ['1/hour', 1e6, 2.4e-5],
  ['0.5/minute', 1e6, 7.2e-4],
  ['7/week', 1e6, 1e-6],
  ['20/day', 20, 0.1],
  ['1/week', 1e12, 1e-9],
  ['20/day', null, 0.001],
])('a budget of %s at %d records a day is a rate of %d', (alertBudget, recordsPerDay, rate) => {
  expect(alertRateOf(detection({ alertBudget }), { recordsPerDay })).toBeCloseTo(rate, 12)
})

test.each([
  [{}, { alertRate: 0.001 }],
  [{ alertRate: 0.02 }, { alertRate: 0.02 }],
  [{ alertBudget: '20/day' }, { alertRate: 0.01 }],
  [{ fdr: 0.1 }, { fdr: 0.1 }],
])('of %j with a model of 2,000 records a day the rule is %j', (own, rule) => {
  expect(decisionRule(detection(own), { recordsPerDay: 2_000 })).toEqual(rule)
})
