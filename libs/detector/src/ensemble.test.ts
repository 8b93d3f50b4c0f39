import { expect, it } from 'vitest'
import { fitEach, flowsOf, progressAmong } from './ensemble.js'

it('has two flows where rows are few, below 2,000', () => {
  expect([20, 1999, 2000, 100_000].map(flowsOf)).toEqual([2, 2, 1, 1])
})

it('fits one flow after another, the first by the seed itself and each by another', async () => {
  const seeds: number[] = []
  const fitted = await fitEach(3, 7, async (member, seed) => {
    seeds.push(seed)
    return member
  })
  expect(fitted).toEqual([0, 1, 2])
  expect(seeds[0]).toBe(7)
  expect(new Set(seeds).size).toBe(3)
})

it('counts the flows that are still to come as time that is left', () => {
  const progress = { step: 50, epoch: 1, maxSteps: 200, trainNll: 1, validationNll: 1, elapsedMs: 1000, leftMs: 3000 }
  expect(progressAmong(progress, 1, 3)).toEqual({ ...progress, flow: 1, flows: 3, leftMs: 11_000 })
  expect(progressAmong(progress, 3, 3).leftMs).toBe(3000)
})
