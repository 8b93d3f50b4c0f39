import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../../random.js'
import { halfMasks } from './mask.js'

it('moves each feature once in every pair of layers, half of them at a time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 6 }), fc.integer(), (dim, pairs, seed) => {
      const masks = halfMasks(dim, 2 * pairs, seededRandom(seed, 'masks'))
      for (let pair = 0; pair < pairs; pair++) {
        const [one, other] = [masks[2 * pair]!, masks[2 * pair + 1]!]
        expect(one.filter((held) => held === 1).length).toBe(Math.floor(dim / 2))
        expect(one.map((held, feature) => held + other[feature]!)).toEqual(Array(dim).fill(1))
      }
    }),
  )
})

it('returns one mask per layer for an odd number of layers', () => {
  expect(halfMasks(4, 3, seededRandom(1, 'masks'))).toHaveLength(3)
})

it('moves a single feature in every layer', () => {
  expect(halfMasks(1, 3, seededRandom(1, 'masks'))).toEqual([[0], [0], [0]])
})
