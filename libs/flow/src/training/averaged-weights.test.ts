import { expect, it } from 'vitest'
import { seededRandom } from '../random.js'
import { averagedWeights } from './averaged-weights.js'

it('is nearer to the centre of the steps than the steps are', () => {
  const random = seededRandom(1, 'circling')
  const parameters = Float32Array.of(2, -3)
  const averaged = averagedWeights(parameters)
  for (let step = 0; step < 1000; step++) {
    parameters.set([2 + random.normal(), -3 + random.normal()])
    averaged.see()
  }
  averaged.during(() => {
    expect(Math.abs(parameters[0]! - 2)).toBeLessThan(0.3)
    expect(Math.abs(parameters[1]! + 3)).toBeLessThan(0.3)
  })
})

it('is as of a hundred steps: a move is taken up to 1 − 1/e in so many', () => {
  const parameters = Float32Array.of(0)
  const averaged = averagedWeights(parameters)
  parameters[0] = 1
  for (let step = 0; step < 100; step++) averaged.see()
  expect(averaged.during(() => parameters[0])).toBeCloseTo(1 - Math.exp(-1), 2)
})

it('leaves the weights as they were, even where what was done with the mean fails', () => {
  const parameters = Float32Array.of(1, 2)
  const averaged = averagedWeights(parameters)
  parameters.set([3, 4])
  expect(averaged.during(() => [...parameters])).toEqual([1, 2])
  const failing = () => {
    throw new Error('no')
  }
  expect(() => averaged.during(failing)).toThrow('no')
  expect([...parameters]).toEqual([3, 4])
})
