import { OutflowError } from '@outflow/errors'
import { wholeRecord } from '@outflow/records'
import { expect, test, vi } from 'vitest'
import { aDecoder, aDetector, aLease, aReadBatch, scoresOf } from '../test-builders.js'
import { aDecideStep } from '../test-steps.js'
import { compareWith } from './compare.js'
import { score } from './score.js'

const recordOf = wholeRecord(aDecoder())
const detection = { alertRate: 0.01 }

/** Its nll is twice the delay. */
const stricter = () =>
  aDetector({
    scoreTable: async (table) => scoresOf(table, 2),
  })

function comparing(detector = stricter()) {
  const telemetry = { shadowFailed: vi.fn() }
  const decided = async (delays: readonly number[]) => {
    const model = { ...aLease(), shadow: { modelId: 'm2', detector } }
    return aDecideStep(detection)(await score(aReadBatch(delays, { model })))
  }
  return { telemetry, decided, compare: compareWith({ detection, recordOf, telemetry }) }
}

test('records on which a candidate decides differently are returned and counted', async () => {
  const { compare, decided } = comparing()
  const { shadow, decisions } = await compare(await decided([1, 3, 5, 2]))
  expect(decisions.isAnomaly).toEqual(Uint8Array.of(0, 0, 1, 0))
  expect(shadow).toMatchObject({
    ...{ shadowId: 'm2', modelId: 'm1', scored: 4, anomaliesByBoth: 1, anomaliesByActive: 0, anomaliesByShadow: 1 },
    differences: [{ offset: 1n, anomalyBy: 'shadow', record: { delay: 3 }, nll: 3, shadowNll: 6 }],
  })
})

test('the thousand largest differences of a batch are kept, and all are counted', async () => {
  const { compare, decided } = comparing()
  const { shadow } = await compare(await decided(Array.from({ length: 1_500 }, (_, index) => 2.5 + index / 1_000)))
  expect(shadow?.anomaliesByShadow).toBe(1_500)
  expect(shadow?.differences).toHaveLength(1_000)
  expect(Math.min(...shadow!.differences.map(({ nll }) => nll))).toBeCloseTo(3, 2)
})

test('when a candidate fails, only the comparison is lost', async () => {
  const broken = aDetector({ scoreTable: () => Promise.reject(new Error('out of memory')) })
  const { compare, decided, telemetry } = comparing(broken)
  const batch = await decided([1, 9])
  for (let attempt = 1; attempt <= 2; attempt++) {
    expect(await compare(batch)).toBe(batch)
    // The log has attempts 1, 2, 4, 8 …: each batch was a line.
    expect(telemetry.shadowFailed).toHaveBeenLastCalledWith('m2', expect.any(OutflowError), attempt)
  }
})

test('without a candidate the batch is unchanged', async () => {
  const { compare, decided } = comparing()
  const batch = { ...(await decided([1, 9])), model: aLease() }
  expect(await compare(batch)).toBe(batch)
})
