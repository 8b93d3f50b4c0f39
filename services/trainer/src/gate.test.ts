import type { Detector } from '@outflow/detector'
import type { Fields } from '@outflow/encoding'
import { expect, test, vi } from 'vitest'
import { passGate } from './gate.js'

const records = Array.from({ length: 1_000 }, (_, i): Fields => ({ numbers: [i / 1_000], categories: [] }))

/** Of a record's one number: the nll is its negative, the p-value itself. */
function aDetector(nllOf = (x: number) => -x, close = async () => {}): Detector {
  const score: Detector['score'] = async (batch) => ({
    nll: Float64Array.from(batch, ({ numbers }) => nllOf(numbers[0]!)),
    pValue: Float64Array.from(batch, ({ numbers }) => numbers[0]!),
    unseenValues: 0,
    missingValues: 0,
  })
  return { score, close } as Detector
}

const gate = (open: () => Promise<Detector>, alertRate = 0.01, contamination = 0.01) =>
  passGate({ artefact: new Uint8Array(), records, alertRate, contamination, open })

test('a model that flags about what it was asked for passes, and both openings are closed', async () => {
  const close = vi.fn(async () => {})
  const report = await gate(async () => aDetector(undefined, close))
  expect(report).toMatchObject({ passed: true, failures: [], checked: 1_000, flaggedShare: 0.011 })
  expect(report.medianNll).toBeCloseTo(-0.5, 2)
  expect(close).toHaveBeenCalledTimes(2)
})

test('a model without finite NLLs is rejected', async () => {
  const report = await gate(async () => aDetector((x) => (x > 0.9 ? Number.POSITIVE_INFINITY : x)))
  expect(report.failures).toEqual(['some records of its own window have no finite NLL'])
})

test('a model that would flood the operator is rejected, with both shares', async () => {
  const report = await gate(async () => aDetector(), 0.01, 0)
  expect(report.passed).toBe(true)
  const flood = await passGate({
    artefact: new Uint8Array(),
    records: records.slice(0, 100),
    alertRate: 0.01,
    contamination: 0,
    open: async () => aDetector(),
  })
  expect(flood.failures).toEqual(['it would flag 11.00 % of its own window; at most 3.00 % are accepted'])
})

test('a model that gives other NLLs when opened again is rejected', async () => {
  let opened = 0
  const report = await gate(async () => {
    opened += 1
    const shift = opened * 1e-3
    return aDetector((x) => x + shift)
  })
  expect(report.failures).toEqual(['opened twice, it gives two sets of NLLs'])
})
