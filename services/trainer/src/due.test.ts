import type { Config } from '@outflow/contracts'
import type { ModelState, ModelSummary } from '@outflow/store'
import { expect, test } from 'vitest'
import { whenDue } from './due.js'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1)
const features: Config['features'] = [{ path: '$.delay', type: 'numeric', optional: false }]
const config = { features, training: { every: HOUR } as Config['training'] }
const due = (models: readonly ModelSummary[], lastFitMs: number | null = null) =>
  whenDue(models, { config, now: NOW, lastFitMs })

function aModel(state: ModelState, ageMs: number, fittedTo: unknown = features): ModelSummary {
  return { state, createdAt: new Date(NOW - ageMs), metadata: { features: fittedTo } } as ModelSummary
}

test('without any model a fit is due at once', () => {
  expect(due([])).toEqual({ inMs: 0, because: 'no model' })
})

test('the schedule counts from the newest fit', () => {
  expect(due([aModel('active', 0.25 * HOUR)])).toEqual({ inMs: 0.75 * HOUR, because: 'schedule' })
  expect(due([aModel('active', 2 * HOUR)])).toEqual({ inMs: 0, because: 'schedule' })
})

test('a fit that was rejected is not repeated before its time', () => {
  expect(due([aModel('rejected', 0.25 * HOUR), aModel('active', 5 * HOUR)]).inMs).toBe(0.75 * HOUR)
})

test('a fit that gave a known model counts, although it left no row', () => {
  expect(due([aModel('active', 5 * HOUR)], NOW - 0.5 * HOUR).inMs).toBe(0.5 * HOUR)
})

test('without an active model a rejected fit is repeated after a minute, when there is more to see', () => {
  expect(due([aModel('rejected', 20_000)])).toEqual({ inMs: 40_000, because: 'no model' })
})

test('a model of other features is replaced at once, whatever the order of keys', () => {
  expect(due([aModel('active', 0, [{ path: '$.miles', type: 'numeric', optional: false }])])).toEqual({
    inMs: 0,
    because: 'features changed',
  })
  expect(due([aModel('active', 0, [{ optional: false, type: 'numeric', path: '$.delay' }])]).because).toBe('schedule')
})
