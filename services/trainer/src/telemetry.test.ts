import { REJECTION_REASONS, type RejectionReason } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import { type Log, makeMetrics } from '@outflow/runtime'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeTelemetry } from './telemetry.js'

const aTelemetry = (log: object, metrics = makeMetrics()) => makeTelemetry(log as Log, metrics, { alertRate: 0.001 })

test('every outcome of a fit and every drift chart is reported as 0 at the start, so that its first occurrence is an increase', async () => {
  const metrics = makeMetrics()
  aTelemetry({}, metrics)
  const text = await metrics.text()
  for (const outcome of ['promoted', 'failed_gate', 'known', 'failed'])
    expect(text).toContain(`outflow_fits_total{outcome="${outcome}"} 0`)
  for (const chart of ['less_likely', 'too_normal', 'more_spread', 'less_spread'])
    expect(text).toContain(`outflow_drift_alarms_total{chart="${chart}"} 0`)
})

test('issue 17.7: a window with too few good records is a warning, with its rejected records and a field', () => {
  const log = { info: vi.fn(), warn: vi.fn() }
  const telemetry = aTelemetry(log)
  const rejected = { ...NONE, missing_field: 5_000 }
  const example = '$.amout is absent'
  telemetry.rowsAwaited(0, 2_000, { rejected, rejectedExample: example })
  expect(log.warn).toHaveBeenCalledWith({ rows: 0, missing: 2_000, rejected, example }, 'training rows awaited')
  telemetry.rowsAwaited(30, 1_970)
  expect(log.info).toHaveBeenCalledWith({ rows: 30, missing: 1_970 }, 'training rows awaited')
})

test('a window of rejected records is a warning also after an empty one (a topic that had been empty never got it)', () => {
  const log = { info: vi.fn(), warn: vi.fn() }
  const telemetry = aTelemetry(log)
  telemetry.rowsAwaited(0, 2_000)
  const read = { rejected: { ...NONE, missing_field: 5_000 }, rejectedExample: null }
  for (let reads = 0; reads < 2; reads += 1) telemetry.rowsAwaited(0, 2_000, read)
  expect(log.info).toHaveBeenCalledTimes(1)
  expect(log.warn).toHaveBeenCalledTimes(1)
})

test('a window that grows slowly is logged once a minute (a count every two seconds, as of a quiet topic, made 1,800 lines an hour)', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const log = { info: vi.fn() }
  const telemetry = aTelemetry(log)
  for (let rows = 0; rows < 60; rows += 1) {
    telemetry.rowsAwaited(rows, 2_000 - rows)
    vi.advanceTimersByTime(2_000)
  }
  expect(log.info.mock.calls.map(([fields]) => fields)).toEqual([
    { rows: 0, missing: 2_000 },
    { rows: 30, missing: 1_970 },
  ])
})

test('the command that is logged to exclude a burst has every option that it requires (it had no --why)', () => {
  const log = { warn: vi.fn() }
  const telemetry = aTelemetry(log)
  const [from, to] = ['2026-03-01T10:00:00.000Z', '2026-03-01T10:20:00.000Z']
  telemetry.burstFound({ from, to }, 12, false)
  const exclude = `outflow models exclude --from ${from} --to ${to} --why burst`
  expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ exclude }), 'burst in training window')
})

test('issue 17.10: a fit whose model can find no anomaly logs a warning', () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const telemetry = aTelemetry(log)
  const calibration = { rows: 90, smallestPValue: 1 / 91, medianNll: 1 }
  const training = { backend: 'wasm', stopped: 'patience' }
  const metadata = { modelId: 'm1', training, calibration } as Parameters<typeof telemetry.gateDecided>[1]
  const report = { gain: { mean: 0 }, failures: [] } as unknown as Parameters<typeof telemetry.gateDecided>[2]
  // Of a model that never scores, the limit is not logged.
  telemetry.gateDecided('failed_gate', metadata, report, 1)
  telemetry.gateDecided('promoted', metadata, report, 1)
  const limit = expect.stringMatching(/^no record can be an anomaly at an alert rate of 0.001:/)
  expect(log.warn.mock.calls).toEqual([[{ modelId: 'm1', limit }, 'detection limited']])
})

test('of an outage attempts 1, 2, 4, 8 … are logged (a missing topic made a line every 40 s), and each error that needs a person', () => {
  const log = { warn: vi.fn(), error: vi.fn() }
  const telemetry = aTelemetry(log)
  const outage = { retryable: true } as OutflowError
  for (let attempt = 1; attempt <= 9; attempt += 1) {
    telemetry.trainingFailed(outage, attempt, 100)
    telemetry.leadershipInterrupted(outage, attempt)
    telemetry.modelWriteRetried(outage, attempt, 100)
    telemetry.trainingFailed({ retryable: false } as OutflowError, attempt, 100)
  }
  for (const event of ['training failed', 'leadership interrupted', 'model write retried'])
    expect(log.warn.mock.calls.filter((call) => call[1] === event).map(([{ attempt }]) => attempt)).toEqual([
      1, 2, 4, 8,
    ])
  expect(log.error).toHaveBeenCalledTimes(9)
})

const NONE = Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0])) as Record<RejectionReason, number>
