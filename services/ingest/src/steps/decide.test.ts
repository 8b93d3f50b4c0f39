import type { FdrState } from '@outflow/contracts'
import { StoreUnavailable } from '@outflow/store'
import { expect, test, vi } from 'vitest'
import { aDetector, aLease, aReadBatch } from '../test-builders.js'
import { aDecideStep } from '../test-steps.js'

const scoresOf = (pValue: readonly number[]) => ({
  nll: Float64Array.from(pValue, (p) => -Math.log(p)),
  pValue: Float64Array.from(pValue),
  unseenValues: 0,
  missingValues: 0,
})

const batchOf = (pValue: readonly number[], detector = aDetector()) => ({
  ...aReadBatch(
    pValue.map((p) => -Math.log(p)),
    { model: aLease(detector) },
  ),
  scores: scoresOf(pValue),
  ownPValue: Float64Array.from(pValue),
})

test('the rule depends on the record rate of the model’s window, if there is a budget', async () => {
  const detector = aDetector({ metadata: { ...aDetector().metadata, recordsPerDay: 2_000 } })
  const decide = aDecideStep({ alertRate: 0.001, alertBudget: 20 })
  expect((await decide(batchOf([0.5, 0.01, 0.011], detector))).decisions.isAnomaly).toEqual(Uint8Array.of(0, 1, 0))
})

test('online control continues from the state stored with the offset, and returns the state to store', async () => {
  let stored: FdrState | null = null
  const decide = aDecideStep({ alertRate: 0.001, fdr: 0.1 }, { storedState: async () => stored })
  const first = (await decide(batchOf([0.5, 1e-9, 0.9]))).decisions
  expect(first.isAnomaly).toEqual(Uint8Array.of(0, 1, 0))
  expect(first.fdrState).toEqual({ fdr: 0.1, tested: 3, first: 2, later: [] })
  stored = first.fdrState
  const second = (await decide(batchOf([1e-9]))).decisions
  expect(second.fdrState).toEqual({ fdr: 0.1, tested: 4, first: 2, later: [4] })
})

test('reading the state is retried while the store is not available', async () => {
  const stateReadRetried = vi.fn()
  const storedState = vi.fn().mockRejectedValueOnce(new StoreUnavailable('away')).mockResolvedValue(null)
  const decide = aDecideStep({ alertRate: 0.001, fdr: 0.1 }, { storedState, telemetry: { stateReadRetried } })
  expect((await decide(batchOf([1e-9]))).decisions.anomalies).toHaveLength(1)
  expect(stateReadRetried).toHaveBeenCalledTimes(1)
})
