import type { ModelMetadata } from '@outflow/contracts'
import { ModelDamaged } from '@outflow/store'
import { expect, test } from 'vitest'
import { modelCheck } from './model-check.js'
import { aDetector } from './test-builders.js'

const servedWith = (rows: number) => {
  const calibration = { rows, smallestPValue: 1 / (rows + 1), medianNll: 1 }
  return {
    current: { modelId: 'm1', detector: aDetector({ metadata: { calibration } as ModelMetadata }) },
    notOpened: null,
  }
}

test('issue 17.6: a model for which no record can be an anomaly is ready, and the detail states it', () => {
  const { ok, detail } = modelCheck(servedWith(90), { alertRate: 0.001 })
  expect(ok).toBe(true)
  expect(detail).toMatch(/^m1; no record can be an anomaly at an alert rate of 0.001:/)
})

test('the detail is the model id alone if every severity is reachable', () => {
  expect(modelCheck(servedWith(20_000), { alertRate: 0.001 })).toEqual({ ok: true, detail: 'm1' })
})

test('the detail names the model that is served instead of one that could not be opened', () => {
  const notOpened = { modelId: 'm2', error: new ModelDamaged('m2') }
  expect(modelCheck({ ...servedWith(20_000), notOpened }, { alertRate: 0.001 })).toEqual({
    ok: true,
    detail: 'm1 instead of m2, which could not be opened: OUTFLOW_STORE_MODEL_DAMAGED',
  })
})

test('without a model the check fails, and names one that could not be opened', () => {
  expect(modelCheck({ current: null, notOpened: null }, { alertRate: 0.001 })).toEqual({
    ok: false,
    detail: 'the first model is awaited; outflow status has the reason',
  })
  const notOpened = { modelId: 'm1', error: new ModelDamaged('m1') }
  expect(modelCheck({ current: null, notOpened }, { alertRate: 0.001 })).toEqual({
    ok: false,
    detail: 'another model is awaited than m1, which could not be opened: OUTFLOW_STORE_MODEL_DAMAGED',
  })
})
