import type { FdrState } from '@outflow/detector'
import { StoreUnavailable } from '@outflow/store'
import { lastValueFrom } from 'rxjs'
import { expect, test, vi } from 'vitest'
import { aCleanBatch, aDetector, aLease } from '../test-builders.js'
import { judgeAt, judgeOnlineWith } from './judge.js'

const scoresOf = (pValue: readonly number[]) => ({
  nll: Float64Array.from(pValue, (p) => -Math.log(p)),
  pValue: Float64Array.from(pValue),
  unseenValues: 0,
  missingValues: 0,
})

const batchOf = (pValue: readonly number[], detector = aDetector()) => ({
  ...aCleanBatch(
    pValue.map((p) => -Math.log(p)),
    { model: aLease(detector) },
  ),
  scores: scoresOf(pValue),
  ownPValue: Float64Array.from(pValue),
})

test('an anomaly is a record whose p-value is at most the alert rate', async () => {
  const { outliers, levels } = await judgeAt({ alertRate: 0.01 })(batchOf([0.5, 0.001, 0.0100001, 0.01]))
  expect(outliers).toEqual([1, 3])
  expect(levels).toEqual([0.01, 0.01])
})

test('a budget is a rate by the record rate of the model’s window', async () => {
  const detector = aDetector({ metadata: { ...aDetector().metadata, recordsPerDay: 2_000 } })
  const judge = judgeAt({ alertRate: 0.001, alertBudget: 20 })
  expect((await judge(batchOf([0.5, 0.01, 0.011], detector))).outliers).toEqual([1])
  // Without one, as of a model that was fitted from a file, alertRate stands in.
  expect((await judge(batchOf([0.5, 0.01, 0.001]))).outliers).toEqual([2])
})

test('online control goes on from the state that was stored with the offset, and hands on what is to be stored', async () => {
  let stored: FdrState | null = null
  const judge = judgeOnlineWith({
    fdr: 0.1,
    storedState: async () => stored,
    telemetry: { stateReadRetried: vi.fn() },
    signal: new AbortController().signal,
  })
  const first = await lastValueFrom(judge(batchOf([0.5, 1e-9, 0.9])))
  expect(first.outliers).toEqual([1])
  expect(first.fdrState).toEqual({ fdr: 0.1, tested: 3, first: 2, later: [] })
  stored = first.fdrState
  const second = await lastValueFrom(judge(batchOf([1e-9])))
  expect(second.fdrState).toEqual({ fdr: 0.1, tested: 4, first: 2, later: [4] })
  stored = { ...second.fdrState!, fdr: 0.2 }
  expect((await lastValueFrom(judge(batchOf([0.5])))).fdrState).toMatchObject({ fdr: 0.1, tested: 1 })
})

test('a state that can not be read while the store is away is asked for again', async () => {
  const stateReadRetried = vi.fn()
  let answers = 0
  const judge = judgeOnlineWith({
    fdr: 0.1,
    storedState: async () => {
      answers += 1
      if (answers === 1) throw new StoreUnavailable('away')
      return null
    },
    telemetry: { stateReadRetried },
    signal: new AbortController().signal,
  })
  expect((await lastValueFrom(judge(batchOf([1e-9])))).outliers).toEqual([0])
  expect(stateReadRetried).toHaveBeenCalledTimes(1)
})
