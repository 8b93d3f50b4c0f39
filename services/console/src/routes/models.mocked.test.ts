import type { FitReport } from '@outflow/contracts'
import type { Client } from '@outflow/store'
import { expect, test, vi } from 'vitest'
import { testServer } from '../test-server.js'

const REPORT: FitReport = {
  ...{ seed: 1, fit: null, calibration: null, gate: null, durationMs: 1, error: null },
  window: { asked: '2026-01-31T00:00:00Z', from: null, to: null, shortened: null },
  records: {
    ...{ offsets: 0, seen: 0, sampled: 0, fitted: 0, heldOut: 0, rejected: 0, rejectedBy: {} },
    ...{ excluded: 0, excludedBy: { confirmed: 0, named: 0, burst: 0 } },
  },
}

vi.mock('@outflow/store/models', () => ({
  modelSummary: async () => ({ id: 'b', state: 'active', promotedAt: null, metadata: null }),
  trainedAtOf: () => new Date(0),
  listModelChanges: async () => [],
}))
vi.mock('@outflow/store/training', () => ({
  listFits: async () => [
    { state: 'known', because: 'schedule', incumbentId: 'b', report: REPORT },
    { state: 'promoted', because: 'drift', incumbentId: 'a', report: REPORT },
  ],
}))

test('a model is compared with the one that it replaced, also after a later fit gave it again (with itself)', async () => {
  const server = await testServer((query) => query({} as Client))
  const answer = await server.inject('/api/models/b')
  await server.close()
  expect(answer.json()).toMatchObject({ fit: { because: 'drift', incumbentId: 'a' } })
})
