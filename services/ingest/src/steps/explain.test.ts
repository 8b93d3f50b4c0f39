import type { Detector } from '@outflow/detector'
import { wholeRecord } from '@outflow/records'
import { expect, test, vi } from 'vitest'
import { aCleanBatch, aDecoder, aDetector, aLease } from '../test-builders.js'
import { aDecideStep } from '../test-steps.js'
import { explainWith } from './explain.js'
import { score } from './score.js'

const recordOf = wholeRecord(aDecoder())
const telemetry = () => ({ explanationsShortened: vi.fn(), explanationsSkipped: vi.fn(), explanationFailed: vi.fn() })

async function decided(delays: readonly number[], detector = aDetector()) {
  return aDecideStep()(await score(aCleanBatch(delays, { model: aLease(detector) })))
}

test('only anomalies are explained', async () => {
  const detector = aDetector()
  const batch = await explainWith({ recordOf, telemetry: telemetry() })(await decided([1, 9, 2], detector))
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

/** A clock that each explanation moves on: a full one by 120 ms, a brief call by 200. */
function withClock() {
  let ms = 0
  const detector = aDetector()
  const slow = aDetector({
    explain: (fields) => {
      ms += 120
      return detector.explain(fields)
    },
    explainBriefly: vi.fn<Detector['explainBriefly']>((batch, nll) => {
      ms += 200
      return detector.explainBriefly(batch, nll)
    }),
  })
  return { slow, now: () => ms, pass: (more: number) => (ms += more) }
}

test('a burst has brief reasons behind the strangest, marked and counted; later ones are reported in full again', async () => {
  const reported = telemetry()
  const { slow, now, pass } = withClock()
  const explain = explainWith({ recordOf, telemetry: reported, now })
  const kinds = async (delays: readonly number[]) =>
    (await explain(await decided(delays, slow))).anomalies.map(({ nll, reasons }) => [nll, reasons[0]?.kind])
  expect(await kinds([5, 9, 6, 8, 7])).toEqual([
    [5, 'brief'],
    [9, undefined],
    [6, 'brief'],
    [8, undefined],
    [7, undefined],
  ])
  expect(reported.explanationsShortened.mock.calls[0]?.[1]).toBe(2)
  expect(slow.explainBriefly).toHaveBeenCalledTimes(1)
  expect(reported.explanationsSkipped).not.toHaveBeenCalled()
  pass(10_000)
  expect(await kinds([9])).toEqual([[9, undefined]])
})

test('a burst that goes on has no reasons at last, rather than hold back the stream', async () => {
  const reported = telemetry()
  const { slow, now } = withClock()
  const explain = explainWith({ recordOf, telemetry: reported, now })
  for (let batch = 0; batch < 4; batch++) await explain(await decided([5, 6, 7, 8, 9], slow))
  const { anomalies } = await explain(await decided([5, 9], slow))
  expect(anomalies.map(({ reasons }) => reasons.length)).toEqual([0, 0])
  expect(reported.explanationsSkipped).toHaveBeenLastCalledWith(expect.anything(), 2)
})

test('batches of several partitions are explained in turn, and each pays for its own time', async () => {
  const reported = telemetry()
  const { slow, now } = withClock()
  let under = 0
  const counted = aDetector({
    ...slow,
    explain: async (fields) => {
      under += 1
      expect(under).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      under -= 1
      return slow.explain(fields)
    },
  })
  const explain = explainWith({ recordOf, telemetry: reported, now })
  const batches = await Promise.all(
    [await decided([9], counted), await decided([8], counted)].map((batch) => explain(batch)),
  )
  expect(batches.map(({ anomalies }) => anomalies[0]?.reasons[0]?.text)).toEqual(['delay 9', 'delay 8'])
})

test('an explanation that fails costs the reasons, not the anomaly', async () => {
  const reported = telemetry()
  const detector = aDetector({ explain: () => Promise.reject(new Error('singular')) })
  const batch = await explainWith({ recordOf, telemetry: reported })(await decided([9], detector))
  expect(batch.anomalies).toMatchObject([{ offset: 0n, reasons: [] }])
  expect(reported.explanationFailed.mock.calls[0]?.[2].message).toBe('singular')
})
