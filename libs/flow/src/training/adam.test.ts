import { expect, it } from 'vitest'
import { adam, clipNorm, learningRateAt } from './adam.js'

it('minimises a quadratic that is a hundred times steeper in one direction', () => {
  const place = Float32Array.of(3, -2)
  const step = adam(2)
  for (let at = 0; at < 500; at++) step(place, Float32Array.of(100 * place[0]!, place[1]!), 0.02)
  expect(Math.hypot(...place)).toBeLessThan(1e-2)
})

it('moves each parameter by the learning rate in the first step, for any slope', () => {
  const place = Float32Array.of(0, 0)
  adam(2)(place, Float32Array.of(1e-3, -1e3), 0.5)
  expect(place[0]).toBeCloseTo(-0.5, 4)
  expect(place[1]).toBeCloseTo(0.5, 4)
})

it('clips a gradient to a norm of 5·√columns, and does not change a shorter one', () => {
  const long = Float32Array.of(30, 40)
  expect(clipNorm(long, 4)).toBe(50)
  expect([...long]).toEqual([6, 8])
  const short = Float32Array.of(3, 4)
  expect(clipNorm(short, 1)).toBe(5)
  expect([...short]).toEqual([3, 4])
})

it('reports a gradient that is not finite', () => {
  expect(clipNorm(Float32Array.of(1, Number.NaN), 5)).toBeNaN()
  expect(clipNorm(Float32Array.of(1, Number.POSITIVE_INFINITY), 5)).toBe(Number.POSITIVE_INFINITY)
})

it('warms up over fifty steps and ends at two per cent', () => {
  expect(learningRateAt(0, 2000, 1)).toBeCloseTo(1 / 50, 3)
  expect(learningRateAt(49, 2000, 1)).toBeGreaterThan(0.99)
  expect(learningRateAt(1000, 2000, 1)).toBeCloseTo(0.51, 2)
  expect(learningRateAt(1999, 2000, 1)).toBeCloseTo(0.02, 3)
})
