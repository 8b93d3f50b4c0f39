import type { Feature } from '@outflow/contracts'
import { OutflowError } from '@outflow/errors'
import { afterEach, expect, it, vi } from 'vitest'
import { readerOf } from '../test-draws.js'
import { fitSmall } from '../test-training.js'
import { type Explainer, explainStored, makeExplainer } from './explainer.js'

const PLACES = [
  { city: 'Austin', state: 'TX' },
  { city: 'Reno', state: 'NV' },
]
const features: readonly Feature[] = [
  { path: '$.city', type: 'categorical', optional: false },
  { path: '$.state', type: 'categorical', optional: false },
]
const read = readerOf(features)
const records = Array.from({ length: 300 }, (_, at) => read(PLACES[at % PLACES.length]))
// The rate is smaller than any p-value of so few records: by it none is an anomaly.
const { artefact } = await fitSmall(features, records, { alertRate: 0.001 })
const load = vi.fn(async (_modelId: string) => ({ artefact }))
const recalibration = { at: [0, 12], shift: [-2, -2] }
const source = { model: load, recalibration: async () => recalibration }
const anomaly = (state: unknown, modelId = 'm1') => ({
  modelId,
  record: { city: 'Austin', state },
  windowed: null,
  nll: 9,
  pValue: 0.01,
  recalibrationId: null,
  ...{ reasons: null, counterfactual: null, unexplainable: null },
})

class StoreUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

let explainer: Explainer | undefined
afterEach(async () => {
  await explainer?.close()
  load.mockClear()
})

it('explains each record by the model that scored it, and opens a model once', async () => {
  explainer = makeExplainer(source)
  await explainer.open('m1')
  const explained = await explainer.explain([anomaly('NV', 'm2'), anomaly('NV'), anomaly('NV', 'm2')])
  for (const { reasons, unexplainable } of explained) {
    expect(reasons).not.toEqual([])
    expect(reasons).not.toBeNull()
    expect(unexplainable).toBeNull()
  }
  expect(load.mock.calls.map(([id]) => id)).toEqual(['m1', 'm2'])
})

it('states why a model cannot read a record, and explains the others', async () => {
  explainer = makeExplainer(source)
  const [wrong, right] = await explainer.explain([anomaly({ nested: true }), anomaly('NV')])
  expect(wrong).toMatchObject({ reasons: null, unexplainable: expect.stringContaining('$.state must be') })
  expect(right!.reasons).not.toBeNull()
})

it('states that a model cannot be opened, whether it is missing or damaged', async () => {
  const missing = () => Promise.reject(new TypeError('no such model'))
  expect(await explainStored({ ...source, model: missing }, anomaly('NV'))).toEqual({
    reasons: null,
    counterfactual: null,
    unexplainable: 'model m1, which scored the record, cannot be opened: no such model',
  })
  const damaged = async () => ({ artefact: artefact.subarray(0, 200) })
  expect((await explainStored({ ...source, model: damaged }, anomaly('NV'))).unexplainable).toMatch(/truncated/)
})

it.each([
  { by: 'a larger alert rate', pValue: 1 / 91, recalibrationId: null, target: { alertRate: 0.05 } },
  { by: 'a recalibration', pValue: 0.0015, recalibrationId: 7n, target: { alertRate: 0.002 } },
  { by: 'a rate that has been lowered since', pValue: 1 / 91, recalibrationId: null, target: { alertRate: 0.001 } },
  { by: 'a false discovery rate', pValue: 1 / 91, recalibrationId: null, target: { fdr: 0.1 } },
])(
  'a record that is an anomaly by $by has a counterfactual (only anomalies at the rate of the fit had one)',
  async ({ target, ...decided }) => {
    const { counterfactual } = await explainStored(source, { ...anomaly('NV'), ...decided }, target)
    expect(counterfactual?.changes).toHaveLength(1)
  },
)

it('returns what is stored, without the model', async () => {
  const stored = { reasons: null, counterfactual: null, unexplainable: 'the model was deleted' }
  expect(await explainStored(source, { ...anomaly('NV'), ...stored })).toEqual(stored)
  expect(load).not.toHaveBeenCalled()
})

it('throws when the store is unavailable, and loads the model on the next call', async () => {
  let isUnavailable = true
  const model = async (id: string) =>
    isUnavailable ? Promise.reject(new StoreUnavailable('the store is unavailable')) : load(id)
  explainer = makeExplainer({ ...source, model })
  await expect(explainer.explain([anomaly('NV')])).rejects.toBeInstanceOf(StoreUnavailable)
  isUnavailable = false
  expect((await explainer.explain([anomaly('NV')]))[0]!.reasons).not.toBeNull()
})
