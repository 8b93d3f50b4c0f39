import { expect, test, vi } from 'vitest'
import { aCleanBatch, aDetector, aLease } from '../test-builders.js'
import { explainWith } from './explain.js'
import { judgeAt } from './judge.js'
import { score } from './score.js'

const telemetry = () => ({ explanationsSkipped: vi.fn(), explanationFailed: vi.fn() })

async function judged(delays: readonly number[], detector = aDetector()) {
  return judgeAt(0.01)(await score(aCleanBatch(delays, { model: aLease(detector) })))
}

test('only outliers are explained', async () => {
  const detector = aDetector()
  const batch = await explainWith({ alertRate: 0.01, telemetry: telemetry() })(await judged([1, 9, 2], detector))
  expect(detector.explain).toHaveBeenCalledTimes(1)
  expect(batch.anomalies).toMatchObject([
    {
      offset: 1n,
      nll: 9,
      pValue: Math.exp(-9),
      severity: 'high',
      modelId: 'm1',
      entityKey: 'LAX',
      record: { delay: 9 },
    },
  ])
  expect(batch.anomalies[0]?.reasons[0]?.text).toBe('delay 9')
})

test('what a burst leaves no time for has no reasons; the strangest do, and the others are counted', async () => {
  const told = telemetry()
  // Each look at the clock finds it a second later.
  let seconds = 0
  const now = () => seconds++ * 1_000
  const explain = explainWith({ alertRate: 0.01, telemetry: told, always: 1, budgetMs: 2_000, now })
  const batch = await explain(await judged([5, 9, 6, 8, 7]))
  expect(batch.anomalies.map(({ nll, reasons }) => [nll, reasons.length])).toEqual([
    [5, 0],
    [9, 1],
    [6, 0],
    [8, 1],
    [7, 0],
  ])
  expect(told.explanationsSkipped).toHaveBeenCalledWith(batch.delivery, 3)
})

test('some are explained however long it takes', async () => {
  let seconds = 0
  const explain = explainWith({ alertRate: 0.01, telemetry: telemetry(), always: 3, now: () => seconds++ * 60_000 })
  const batch = await explain(await judged([5, 9, 6, 8, 7]))
  expect(batch.anomalies.filter(({ reasons }) => reasons.length > 0).map(({ nll }) => nll)).toEqual([9, 8, 7])
})

test('an explanation that fails costs the reasons, not the anomaly', async () => {
  const told = telemetry()
  const detector = aDetector({ explain: () => Promise.reject(new Error('singular')) })
  const batch = await explainWith({ alertRate: 0.01, telemetry: told })(await judged([9], detector))
  expect(batch.anomalies).toMatchObject([{ offset: 0n, reasons: [] }])
  expect(told.explanationFailed.mock.calls[0]?.[2].message).toBe('singular')
})
