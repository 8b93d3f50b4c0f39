import { expect, test, vi } from 'vitest'
import { keepUp } from './upkeep.js'

test('what retention dropped is told', async () => {
  const abort = new AbortController()
  const retentionApplied = vi.fn(() => abort.abort())
  await keepUp({
    applyRetention: async () => ['anomalies_20250101'],
    telemetry: { retentionApplied, retentionPostponed: vi.fn() },
    signal: abort.signal,
  })
  expect(retentionApplied).toHaveBeenCalledWith(['anomalies_20250101'])
})

test('an error postpones retention, and ends nothing', async () => {
  const abort = new AbortController()
  const retentionPostponed = vi.fn(() => abort.abort())
  await keepUp({
    applyRetention: () => Promise.reject(new Error('away')),
    telemetry: { retentionApplied: vi.fn(), retentionPostponed },
    signal: abort.signal,
  })
  expect(retentionPostponed).toHaveBeenCalledTimes(1)
})
