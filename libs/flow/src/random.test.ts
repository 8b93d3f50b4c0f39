import { expect, it } from 'vitest'
import { seededRandom } from './random.js'

it('is equal for the same seed and purpose, and different for others', () => {
  const first = (seed: number, purpose: string) => {
    const random = seededRandom(seed, purpose)
    return [random.uniform(), random.normal(), random.below(1000)]
  }
  expect(first(7, 'noise')).toEqual(first(7, 'noise'))
  expect(first(7, 'noise')).not.toEqual(first(8, 'noise'))
  expect(first(7, 'noise')).not.toEqual(first(7, 'masks'))
})

it('draws uniforms and normals with the moments of their distributions', () => {
  const random = seededRandom(1, 'moments')
  const count = 50_000
  const moment = (draw: () => number, power: number) =>
    Array.from({ length: count }, draw).reduce((total, value) => total + value ** power, 0) / count
  // Three standard errors each.
  expect(Math.abs(moment(random.uniform, 1) - 1 / 2)).toBeLessThan(3 * 0.289 * count ** -0.5)
  expect(Math.abs(moment(random.normal, 1))).toBeLessThan(3 * count ** -0.5)
  expect(Math.abs(moment(random.normal, 2) - 1)).toBeLessThan(3 * Math.SQRT2 * count ** -0.5)
  expect(Math.abs(moment(random.normal, 4) - 3)).toBeLessThan(3 * 9.8 * count ** -0.5)
})

it('permutes all numbers', () => {
  const order = seededRandom(3, 'order').permutation(100)
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(100).keys()])
  expect([...order]).not.toEqual([...Array(100).keys()])
})
