import { expect, it } from 'vitest'
import { kolmogorovPValue, largestDistance } from './misfit.js'

it('the distance of two distribution functions is their largest difference', () => {
  expect(largestDistance(Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4))).toBe(0)
  expect(largestDistance(Float64Array.of(1, 2), Float64Array.of(3, 4, 5))).toBe(1)
  expect(largestDistance(Float64Array.of(1, 2, 2, 5), Float64Array.of(2, 6))).toBe(0.5)
})

it('the p-value of a distance is that of Kolmogorov’s table', () => {
  expect(kolmogorovPValue(1.3581)).toBeCloseTo(0.05, 4)
  expect(kolmogorovPValue(1.6276)).toBeCloseTo(0.01, 4)
  expect(kolmogorovPValue(0)).toBe(1)
})
