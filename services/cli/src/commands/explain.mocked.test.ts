import { makeTerminal } from '@outflow/terminal'
import { expect, it, vi } from 'vitest'
import { explainAnomaly } from './explain.js'

vi.mock('@outflow/store/models', () => ({
  explanationSource: () => ({}),
  modelSummary: async () => ({
    metadata: { provisional: true, calibration: { hasTail: true, smallestPValue: 1 / 181 } },
  }),
}))
vi.mock('@outflow/store/outbox', () => ({ unsentCauseAt: async () => null }))
vi.mock('../store-access.js', () => ({
  withPipeline: (_: object, use: Use) => use({}, {}),
  storedAnomaly: async () => ({
    ...{ pValue: 1 / 181, severity: 'low', modelId: '3f2a', reasons: [], counterfactual: null, unexplainable: null },
    ...{ missing: [], rescored: false, record: {} },
  }),
}))
type Use = (pool: object, config: object) => Promise<unknown>

it('states the rarity that a provisional model supports, also of a stored anomaly (it was exact)', async () => {
  const result = vi.fn(async (_: string) => {})
  await explainAnomaly('flights/flights/0/7', { config: 'outflow.yaml' }, { ...makeTerminal(process), result })
  expect(result.mock.calls[0]![0]).toContain('low  rarer than 1 in 180  model 3f2a')
})
