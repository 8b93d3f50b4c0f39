import { insertModel, loadModel, type StoredModel } from '@outflow/store/models'
import { expect, test, vi } from 'vitest'
import { applyLabels } from './apply-labels.js'
import type { TrainerContext } from './trainer-context.js'

const metadata = { modelId: 'labelled', calibration: { labels: { confirmed: 1, normal: 0 } } }
vi.mock('@outflow/detector', () => ({ trimCalibration: () => ({ artefact: new Uint8Array(), metadata }) }))
vi.mock('@outflow/store/models', () => ({
  modelToTrim: async () => ({ fittedId: 'fitted', activeId: 'fitted', until: new Date(0) }),
  listCalibrationRecords: async () => [],
  loadModel: vi.fn(),
  insertModel: vi.fn(),
  promoteChecked: async () => {},
}))

test('a labelled model has no decisions of the fitted one (models diff stated that it had made them)', async () => {
  const metrics = {
    passed: true,
    againstId: 'before',
    anomaliesBy: { incumbentId: 'before', both: 1, candidate: 2, incumbent: 3 },
  }
  vi.mocked(loadModel).mockResolvedValue({ metrics } as unknown as StoredModel)
  const context = { config: { pipeline: 'flights' }, models: {}, telemetry: { labelsApplied() {} } }
  await applyLabels(context as unknown as TrainerContext)
  expect(vi.mocked(insertModel).mock.lastCall![1].metrics).toEqual({ passed: true, againstId: 'before' })
})
