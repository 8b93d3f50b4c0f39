import type { Config } from '@outflow/contracts'
import type { ModelState, ModelSummary } from '@outflow/store/models'
import { describe, expect, test } from 'vitest'
import { type DueOptions, whenDue } from './due.js'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1, 12, 30)
const features: Config['features'] = [{ path: '$.delay', type: 'numeric', optional: false }]
const training = { every: HOUR, minRows: 2_000, maxRows: 200_000 } as Config['training']
const due = (models: readonly ModelSummary[], change: Partial<DueOptions> = {}) =>
  whenDue(models, {
    config: { features, training },
    now: NOW,
    lastFit: null,
    request: null,
    isDrifted: false,
    verdicts: { dismissed: 0, confirmed: 0 },
    available: 0,
    ...change,
  })

function aModel(state: ModelState, ageMs: number, fittedTo = features, provisional = false): ModelSummary {
  return {
    state,
    createdAt: new Date(NOW - ageMs),
    metadata: { features: fittedTo, provisional, calibration: { labels: null } },
  } as ModelSummary
}

test('without any model a fit is due at once', () => {
  expect(due([])).toEqual({ inMs: 0, because: 'no model' })
})

test('the schedule counts from the newest fit', () => {
  expect(due([aModel('active', 0.25 * HOUR)])).toEqual({ inMs: 0.75 * HOUR, because: 'schedule' })
  expect(due([aModel('active', 2 * HOUR)])).toEqual({ inMs: 0, because: 'schedule' })
})

test('a fit of a clock that was ahead does not delay the schedule (no fit was due until that time)', () => {
  const models = [aModel('active', -240 * HOUR)]
  const after = (agoMs: number) =>
    due(models, { lastFit: { modelId: 'm', endedMs: NOW - agoMs, offsets: 9, seen: 9, good: 9 } }).inMs
  expect(due(models)).toEqual({ inMs: 0, because: 'schedule' })
  expect([after(-240 * HOUR), after(0.25 * HOUR)]).toEqual([0, 0.75 * HOUR])
  // Clocks of two machines differ.
  expect(due([aModel('active', -60_000)]).inMs).toBe(HOUR + 60_000)
})

test('a model whose calibration set was trimmed by labels does not delay the schedule', () => {
  const trimmed = aModel('active', 0)
  const metadata = { ...trimmed.metadata, calibration: { labels: { of: 'fitted' } } } as ModelSummary['metadata']
  const models = [{ ...trimmed, metadata }, aModel('retired', 0.25 * HOUR)]
  expect(due(models)).toEqual({ inMs: 0.75 * HOUR, because: 'schedule' })
})

test('a cron pattern gives the first time after the newest fit', () => {
  const config = { features, training: { ...training, cron: '0 3 * * *' } }
  expect(due([aModel('active', 0.25 * HOUR)], { config }).inMs).toBe(14.5 * HOUR)
  expect(due([aModel('active', 10 * HOUR)], { config })).toEqual({ inMs: 0, because: 'schedule' })
})

test('a requested fit is due at once', () => {
  expect(due([aModel('active', 0)], { request: { by: 'ada', why: 'new firmware' } })).toEqual({
    inMs: 0,
    because: 'asked for by ada: new firmware',
  })
})

test('drift makes a fit due', () => {
  expect(due([aModel('active', 0)], { isDrifted: true })).toEqual({ inMs: 0, because: 'drift' })
})

test('twenty dismissed anomalies make a fit due, if they are the majority of the labelled ones', () => {
  const after = (dismissed: number, confirmed: number) =>
    due([aModel('active', 0)], { verdicts: { dismissed, confirmed } })
  expect(after(20, 19)).toEqual({ inMs: 0, because: 'verdicts' })
  expect(after(19, 0).because).toBe('schedule')
  expect(after(20, 20).because).toBe('schedule')
})

test('a fit that failed its gate is not repeated before the scheduled time', () => {
  expect(due([aModel('failed_gate', 0.25 * HOUR), aModel('active', 5 * HOUR)]).inMs).toBe(0.75 * HOUR)
})

test('a fit that gave a known model counts, although it stored no newer model', () => {
  const lastFit = { modelId: 'newest', endedMs: NOW - 0.5 * HOUR, offsets: 2_000, seen: 2_000, good: 2_000 }
  expect(due([aModel('active', 5 * HOUR)], { lastFit }).inMs).toBe(0.5 * HOUR)
})

test('twice the records of the newest fit make a fit due, up to maxRows', () => {
  const models = [aModel('active', 60_000)]
  const after = (seen: number, available: number) =>
    due(models, { lastFit: { modelId: 'newest', endedMs: NOW - 60_000, offsets: seen, seen, good: seen }, available })
  expect(after(2_000, 3_999).because).toBe('schedule')
  expect(after(2_000, 4_000)).toEqual({ inMs: 0, because: 'more records' })
  expect(after(200_000, 900_000).because).toBe('schedule')
})

test('transaction markers and compacted records are no further records (each fit was due at once after the last)', () => {
  const lastFit = { modelId: 'newest', endedMs: NOW - 60_000, offsets: 4_000, seen: 2_000, good: 2_000 }
  for (const provisional of [false, true]) {
    const models = [aModel('active', 60_000, features, provisional)]
    const after = (available: number) =>
      due(models, { config: { features, training: { ...training, minRows: 3_000 } }, lastFit, available }).because
    expect(after(4_000)).toBe('schedule')
    expect(after(8_000)).toBe('more records')
  }
})

describe('a provisional model', () => {
  const models = [aModel('active', 60_000, features, true)]
  const after = (seen: number, available: number, good = seen, newestFirst: readonly ModelSummary[] = models) =>
    due(newestFirst, { lastFit: { modelId: 'newest', endedMs: NOW - 60_000, offsets: seen, seen, good }, available })
      .because

  test('is replaced as soon as the window should have minRows good records', () => {
    expect(after(300, 599)).toBe('schedule')
    expect(after(300, 600)).toBe('more records')
    expect(after(1_500, 1_999)).toBe('schedule')
    expect(after(1_500, 2_000)).toBe('more records')
    expect(after(1_500, 2_399, 1_250)).toBe('schedule')
    expect(after(1_500, 2_400, 1_250)).toBe('more records')
  })

  test('is replaced at once if minRows was lowered', () => {
    expect(after(2_500, 2_500)).toBe('more records')
  })

  test('of a clock that was ahead is older than the model of the last fit (each fit was due at once after the last)', () => {
    const full = { ...aModel('active', 60_000), id: 'newest' }
    expect(after(2_000, 2_001, 2_000, [aModel('retired', -24 * HOUR, features, true), full])).toBe('schedule')
  })

  test('is kept for some time if a full model was not promoted', () => {
    const failed = [aModel('failed_gate', 60_000), ...models]
    expect(after(2_000, 2_001, 2_000, failed)).toBe('schedule')
  })
})

test('a first model that failed its gate is fitted again like a later one (it was each minute, and each failed one was kept)', () => {
  const after = (available: number, of: Partial<DueOptions['config']> = {}) =>
    due([aModel('failed_gate', 0.25 * HOUR)], {
      config: { features, training, ...of },
      lastFit: { modelId: 'newest', endedMs: NOW - 0.25 * HOUR, offsets: 2_000, seen: 2_000, good: 2_000 },
      available,
    })
  expect(after(3_999)).toEqual({ inMs: 0.75 * HOUR, because: 'schedule' })
  expect(after(4_000)).toEqual({ inMs: 0, because: 'more records' })
  expect(after(2_000, { features: [] })).toEqual({ inMs: 0, because: 'features changed' })
})

test('a model with other features is replaced at once; the order of keys does not matter', () => {
  expect(due([aModel('active', 0, [{ path: '$.miles', type: 'numeric', optional: false }])])).toEqual({
    inMs: 0,
    because: 'features changed',
  })
  expect(due([aModel('active', 0, [{ optional: false, type: 'numeric', path: '$.delay' }])]).because).toBe('schedule')
})

test('features that are changed after a rollback or a failed gate make a fit due at once, but the same fit only once', () => {
  const before: Config['features'] = [{ path: '$.miles', type: 'numeric', optional: false }]
  const active = aModel('active', 5 * HOUR, before)
  for (const state of ['rolled_back', 'failed_gate'] as const) {
    expect(due([aModel(state, 60_000, before), active]).because).toBe('features changed')
    expect(due([aModel(state, 60_000), active]).because).toBe('schedule')
  }
  const known = { ...aModel('failed_gate', 3 * HOUR), id: 'known' }
  const lastFit = { modelId: 'known', endedMs: NOW - 60_000, offsets: 2_000, seen: 2_000, good: 2_000 }
  expect(due([aModel('failed_gate', HOUR, before), known, active], { lastFit }).because).toBe('schedule')
})
