import type { FitReport } from '@outflow/contracts'
import type { FitState, StoredFit } from '@outflow/store/training'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from './retrain.js'

const aFit = (state: FitState, { failures = [], modelId = 'b' }: { failures?: string[]; modelId?: string } = {}) =>
  ({
    ...{ id: '7', because: 'asked for', state, modelId, incumbentId: 'a', step: 9, maxSteps: 9 },
    report: { gate: { against: 'incumbent', gain: { mean: -0.1 }, failures }, error: null } as unknown as FitReport,
    ...{ startedAt: new Date(0), endedAt: new Date(1) },
  }) satisfies StoredFit

describe('outcome of a requested fit', () => {
  it('issue 17.10: has no model when the candidate failed its gate, and states the reason', () => {
    expect(outcomeOf(aFit('failed_gate', { failures: ['it is less likely than the incumbent'] }))).toEqual({
      line: 'b: failed_gate, -0.100 nats a record over incumbent; it is less likely than the incumbent',
      gaveModel: false,
    })
  })

  it('has a model when the candidate was promoted, runs as a shadow, or is the active model', () => {
    expect(outcomeOf(aFit('promoted')).gaveModel).toBe(true)
    expect(outcomeOf(aFit('shadow')).gaveModel).toBe(true)
    expect(outcomeOf(aFit('known', { modelId: 'a' }))).toEqual({
      line: expect.stringMatching(/^a: known, .*; the same records gave the active model again; nothing changes$/),
      gaveModel: true,
    })
  })

  it('issue 17.10: has no model when the same records gave a model that had failed its gate or was rolled back', () => {
    expect(outcomeOf(aFit('known'))).toEqual({
      line: expect.stringContaining('it failed its gate or was rolled back before'),
      gaveModel: false,
    })
  })

  it('has no model when the fit failed', () => {
    const report = { gate: null, error: { message: 'no field varies' } } as FitReport
    expect(outcomeOf({ ...aFit('failed'), report })).toEqual({ line: 'failed: no field varies', gaveModel: false })
  })
})
