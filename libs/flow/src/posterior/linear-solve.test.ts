import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../random.js'
import { solveTransposed } from './linear-solve.js'

it('solves each of many systems by the transposed matrix', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.integer(), (dim, count, seed) => {
      const random = seededRandom(seed, 'systems')
      const matrices = Float64Array.from({ length: count * dim * dim }, () => random.normal())
      const right = Float64Array.from({ length: count * dim }, () => random.normal())
      const solved = solveTransposed(matrices, right, dim)
      right.forEach((wanted, at) => {
        const [system, column] = [Math.floor(at / dim), at % dim]
        let total = 0
        for (let row = 0; row < dim; row++) {
          total += matrices[(system * dim + row) * dim + column]! * solved[system * dim + row]!
        }
        expect(total).toBeCloseTo(wanted, 6)
      })
    }),
    { seed: 4 },
  )
})
