import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../random.js'
import { factorised, mixingMatrix } from './plu.js'
import { randomRotation } from './random-rotation.js'

it('is orthogonal, and equals the product of its factors', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), (dim, seed) => {
      const rotation = randomRotation(dim, seededRandom(seed, 'rotation'))
      const at = (row: number, column: number) => rotation[row * dim + column]!
      const { factors, order, sign } = factorised(rotation, dim)
      const transposed = mixingMatrix(factors, { order, sign })
      for (let row = 0; row < dim; row++) {
        for (let other = 0; other < dim; other++) {
          let product = 0
          for (let column = 0; column < dim; column++) product += at(row, column) * at(other, column)
          expect(product).toBeCloseTo(row === other ? 1 : 0, 10)
          expect(transposed[other * dim + row]).toBeCloseTo(at(row, other), 9)
        }
      }
    }),
    { numRuns: 25, seed: 3 },
  )
})
