import { type Tensor, tensor, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { seededRandom } from '../../random.js'
import { onEachBackend } from '../on-each-backend.js'
import { matrices } from './matrices.js'
import { plainMatrices } from './matrix-operations.js'

it('uses the public operations for an untested version of tfjs', () => {
  expect(matrices('4.23.0')).toBe(plainMatrices)
})

await onEachBackend('each operation', () => {
  it('returns what the public operation of tfjs returns', () => {
    const random = seededRandom(1, 'matrices')
    const normals = (rows: number, columns: number) =>
      tensor2d(
        Float32Array.from({ length: rows * columns }, () => random.normal()),
        [rows, columns],
      )
    tidy(() => {
      const [x, weight, dy] = [normals(9, 5), normals(5, 3), normals(9, 3)]
      const bias = tensor(Float32Array.of(-1, 0, 1))
      const fast = matrices()
      expect(fast).not.toBe(plainMatrices)
      for (const act of [
        (by) => by.dense(x, weight, bias, 'relu'),
        (by) => by.dense(x, weight, bias, 'linear'),
        (by) => by.reluGradient(dy, by.dense(x, weight, bias, 'relu')),
        (by) => by.columnSums(dy),
        (by) => by.timesTransposed(dy, weight),
        (by) => by.transposedTimes(x, dy),
      ] satisfies ((by: typeof fast) => Tensor)[]) {
        const [ours, theirs] = [act(fast), act(plainMatrices)]
        expect(ours.shape).toEqual(theirs.shape)
        const expected = theirs.dataSync()
        ours.dataSync().forEach((value, at) => {
          expect(value).toBeCloseTo(expected[at]!, 5)
        })
      }
    })
  })
})
