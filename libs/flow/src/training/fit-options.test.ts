import { expect, it } from 'vitest'
import { silvermanNoise } from './fit-options.js'

it.each([1, 2, 6])('issue 17: noise in %i dimensions narrows with the rows to the power of −1 / (d + 4)', (dim) => {
  const ratio = silvermanNoise(1_000, dim) / silvermanNoise(100_000, dim)
  expect(Math.log(ratio) / Math.log(100)).toBeCloseTo(1 / (dim + 4), 5)
})
