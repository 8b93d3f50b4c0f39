import { expect, test, vi } from 'vitest'
import { wholeRecord } from '../record-reader.js'
import type { ShadowLease } from '../shadow-model.js'
import { aCleanBatch, aDecoder, aDetector, scoresOf } from '../test-builders.js'
import { compareWith } from './compare.js'
import { judgeAt } from './judge.js'
import { score } from './score.js'

const recordOf = wholeRecord(aDecoder())

/** Its nll is twice the delay. */
const stricter = () =>
  aDetector({
    scoreTable: async (table) => scoresOf(table, 2),
  })

function comparing(detector = stricter()) {
  const lease: ShadowLease = { modelId: 'm2', detector, giveBack: vi.fn() }
  const telemetry = { shadowFailed: vi.fn() }
  return { lease, telemetry, compare: compareWith({ shadow: { borrow: () => lease }, recordOf, telemetry }) }
}

const judged = async (delays: readonly number[]) => judgeAt({ alertRate: 0.01 })(await score(aCleanBatch(delays)))

test('what a candidate would flag otherwise is found, and counted', async () => {
  const { compare, lease } = comparing()
  const { shadow, outliers } = await compare(await judged([1, 3, 5, 2]))
  expect(outliers).toEqual([2])
  expect(shadow).toMatchObject({
    ...{ shadowId: 'm2', modelId: 'm1', scored: 4, flaggedByBoth: 1, flaggedByActive: 0, flaggedByShadow: 1 },
    differences: [{ offset: 1n, flaggedBy: 'shadow', record: { delay: 3 }, nll: 3, shadowNll: 6 }],
  })
  expect(lease.giveBack).toHaveBeenCalledTimes(1)
})

test('a thousand differences of a batch are kept, those that the two differ in most, and all are counted', async () => {
  const { compare } = comparing()
  const { shadow } = await compare(await judged(Array.from({ length: 1_500 }, (_, index) => 2.5 + index / 1_000)))
  expect(shadow?.flaggedByShadow).toBe(1_500)
  expect(shadow?.differences).toHaveLength(1_000)
  expect(Math.min(...shadow!.differences.map(({ nll }) => nll))).toBeCloseTo(3, 2)
})

test('a candidate that fails costs the comparison and nothing else', async () => {
  const broken = aDetector({ scoreTable: () => Promise.reject(new Error('out of memory')) })
  const { compare, lease, telemetry } = comparing(broken)
  const batch = await judged([1, 9])
  expect(await compare(batch)).toBe(batch)
  expect(telemetry.shadowFailed).toHaveBeenCalledTimes(1)
  expect(lease.giveBack).toHaveBeenCalledTimes(1)
})

test('without a candidate the batch goes on as it is', async () => {
  const batch = await judged([1, 9])
  const compare = compareWith({ shadow: { borrow: () => null }, recordOf, telemetry: { shadowFailed: vi.fn() } })
  expect(await compare(batch)).toBe(batch)
})
