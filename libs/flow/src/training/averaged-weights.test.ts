import { expect, it } from 'vitest'
import { averagedWeights } from './averaged-weights.js'

it('averages over a hundred steps: a hundred steps follow a change to a share of 1 − 1/e', () => {
  const parameters = Float32Array.of(0)
  const averaged = averagedWeights(parameters)
  parameters[0] = 1
  for (let step = 0; step < 100; step++) averaged.add()
  expect(averaged.withMean(() => parameters[0])).toBeCloseTo(1 - Math.exp(-1), 2)
})

it('restores the weights, also if the function throws', () => {
  const parameters = Float32Array.of(1, 2)
  const averaged = averagedWeights(parameters)
  parameters.set([3, 4])
  expect(averaged.withMean(() => [...parameters])).toEqual([1, 2])
  const failing = () => {
    throw new Error('no')
  }
  expect(() => averaged.withMean(failing)).toThrow('no')
  expect([...parameters]).toEqual([3, 4])
})
