import { expect, test, vi } from 'vitest'
import { applyRetentionHourly } from './retention-loop.js'

const asOf = new Date('2026-01-01')

function aTelemetry() {
  return { retentionApplied: vi.fn(), retentionBehind: vi.fn(), retentionPostponed: vi.fn() }
}

test('the cleared partitions are reported', async () => {
  const abort = new AbortController()
  const telemetry = { ...aTelemetry(), retentionApplied: vi.fn(() => abort.abort()) }
  const cleared = ['anomalies_20250101']
  await applyRetentionHourly({
    applyRetention: async () => ({ cleared, asOf, behindMs: 0 }),
    telemetry,
    signal: abort.signal,
  })
  expect(telemetry.retentionApplied).toHaveBeenCalledWith(cleared)
  expect(telemetry.retentionBehind).not.toHaveBeenCalled()
})

test('issue 17.23: retention that is behind the clock is reported', async () => {
  const abort = new AbortController()
  const telemetry = { ...aTelemetry(), retentionBehind: vi.fn(() => abort.abort()) }
  const retention = { cleared: [], asOf, behindMs: 400 * 86_400_000 }
  await applyRetentionHourly({ applyRetention: async () => retention, telemetry, signal: abort.signal })
  expect(telemetry.retentionBehind).toHaveBeenCalledWith(retention)
})

test('an error postpones retention, and does not end the loop', async () => {
  const abort = new AbortController()
  const telemetry = { ...aTelemetry(), retentionPostponed: vi.fn(() => abort.abort()) }
  await applyRetentionHourly({
    applyRetention: () => Promise.reject(new Error('unavailable')),
    telemetry,
    signal: abort.signal,
  })
  expect(telemetry.retentionPostponed).toHaveBeenCalledTimes(1)
})
