import type { ModelSummary } from '@outflow/store/models'
import { expect, test } from 'vitest'
import { describeModels, describePromotion } from './models.js'

test('a model was fitted at the time that doctor prints, not when it was stored; that is the best known of a newer outflow', () => {
  const stored = { id: 'm', state: 'active', metrics: { gain: { mean: 1 }, anomalyShare: 0.01 }, artefactBytes: 1024 }
  const fittedOf = (metadata: object | null) => {
    const model = { ...stored, metadata, createdAt: new Date('2026-01-01T00:05:00Z') } as unknown as ModelSummary
    return describeModels([model], { table: ({ head, rows }) => String(rows[0]![head!.indexOf('fitted')]) })
  }
  const training = { rows: 2_000, validationNll: 1 }
  expect(fittedOf({ createdAt: '2026-01-01T00:00:00.000Z', training, calibration: {} })).toBe(
    '2026-01-01T00:00:00.000Z',
  )
  expect(fittedOf(null)).toBe('2026-01-01T00:05:00.000Z')
})

test('the state marks a shadow and a provisional model (a shadow was a candidate like any other)', () => {
  const stateOf = (own: object) => {
    const model = { id: 'm', createdAt: new Date(0), metrics: { gain: { mean: 1 }, anomalyShare: 0 }, ...own }
    return describeModels([model as unknown as ModelSummary], { table: ({ rows }) => String(rows[0]![1]) })
  }
  const shadowSince = new Date(0)
  expect(stateOf({ state: 'candidate', shadowSince, metadata: null })).toBe('candidate, shadow')
  expect(stateOf({ state: 'candidate', shadowSince: null, metadata: null })).toBe('candidate')
  expect(stateOf({ state: 'active', shadowSince, metadata: null })).toBe('active')
  const metadata = { createdAt: '', provisional: true, training: { rows: 300 }, calibration: {} }
  expect(stateOf({ state: 'active', shadowSince: null, metadata })).toBe('active, provisional')
})

test('the promotion of the active model states that nothing changes (it was "scores from now on")', () => {
  expect(describePromotion({ id: 'b', previousId: 'b' })).toBe('b is the active model already; nothing changes')
  expect(describePromotion({ id: 'b', previousId: 'a' })).toBe('b scores from now on; a before')
  expect(describePromotion({ id: 'b', previousId: null })).toBe('b scores from now on; no model before')
})
