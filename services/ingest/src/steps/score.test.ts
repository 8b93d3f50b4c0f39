import { expect, test, vi } from 'vitest'
import { aDetector, aLease, aReadBatch } from '../test-builders.js'
import { score } from './score.js'

test('a batch is scored in one call, in the order of its records', async () => {
  const detector = aDetector()
  const scoring = vi.spyOn(detector, 'scoreTable')
  const { scores } = await score(aReadBatch([3, 1, 2], { model: aLease(detector) }))
  expect([...scores.nll]).toEqual([3, 1, 2])
  expect(scoring).toHaveBeenCalledTimes(1)
})

test('p-values are recalibrated, and those of the model’s own calibration are also kept', async () => {
  const model = { ...aLease(), recalibration: { at: [0, 1], shift: [Math.log(3), Math.log(3)] } }
  const { scores, ownPValue } = await score(aReadBatch([Math.log(100)], { model }))
  expect(ownPValue[0]).toBeCloseTo(0.01, 12)
  expect(scores.pValue[0]).toBeCloseTo(3 / 99 / (1 + 3 / 99), 12)
})

test('a batch without valid records is not scored', async () => {
  const detector = aDetector()
  const scoring = vi.spyOn(detector, 'scoreTable')
  const { scores } = await score(aReadBatch([], { model: aLease(detector) }))
  expect(scores.nll).toHaveLength(0)
  expect(scoring).not.toHaveBeenCalled()
})
