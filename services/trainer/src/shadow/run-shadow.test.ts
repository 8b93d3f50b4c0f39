import type { Config, GateReport } from '@outflow/contracts'
import type { Shadow } from '@outflow/store/models'
import { expect, test } from 'vitest'
import { checkShadow } from './run-shadow.js'

const config = { training: { contamination: 0.01 }, detection: { alertRate: 0.01 } } as Config

const aShadow = (counts: Partial<Shadow>): Shadow => ({
  ...{ id: 'm2', metrics: {} as GateReport, recordsPerDay: 1e6, elapsedMs: 600_000, scored: 10_000, isOutdated: false },
  ...{ anomaliesByBoth: 90, anomaliesByActive: 10, anomaliesByShadow: 20 },
  ...counts,
})

test('a candidate with about the expected share of anomalies passes', () => {
  expect(checkShadow(aShadow({}), config)).toEqual({
    forMs: 600_000,
    scored: 10_000,
    anomalyShare: 0.011,
    activeAnomalyShare: 0.01,
    disagreement: 0.003,
    failure: null,
  })
})

test('one with a larger share than the gate allows fails, unless the active model has it too, because then the stream has changed', () => {
  const flooding = aShadow({ anomaliesByShadow: 700 })
  expect(checkShadow(flooding, config).failure).toBe(
    'as a shadow it found anomalies in 7.9 % of 10000 records; at most 6.71 % are accepted',
  )
  expect(checkShadow({ ...flooding, anomaliesByActive: 700 }, config).failure).toBeNull()
})

test('issue 18: with an alertBudget the bound follows from its rate under the shadow', () => {
  const budgeted = { ...config, detection: { alertBudget: 60_000, recalibrateWithin: 1 } }
  const flooding = aShadow({ anomaliesByShadow: 1_900 })
  expect(checkShadow(flooding, budgeted).failure).toBeNull()
  expect(checkShadow({ ...flooding, recordsPerDay: 1e8 }, budgeted).failure).toMatch(/at most 3\.\d\d % are accepted$/)
})

test('a shadow without records fails, because nothing is known about it', () => {
  const idle = { scored: 0, anomaliesByBoth: 0, anomaliesByActive: 0, anomaliesByShadow: 0 }
  expect(checkShadow(aShadow(idle), config)).toMatchObject({
    disagreement: 0,
    failure: 'as a shadow it scored no record until the next fit was due',
  })
})

test('a shadow fails if another model was activated meanwhile (its promotion undid a promotion by hand, or a rollback)', () => {
  expect(checkShadow(aShadow({ isOutdated: true }), config).failure).toMatch(/^another model was activated/)
})
