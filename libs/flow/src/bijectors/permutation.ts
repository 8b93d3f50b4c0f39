import type { Tensor2D } from '@tensorflow/tfjs-core'
import { ShapeError } from '../errors.js'
import { plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers, Rows } from '../tensor/rows.js'
import { zeroed } from '../tensor/scratch.js'
import { zeros } from '../tensor/tfjs.js'
import type { Bijector, RowsAndLogDet } from './bijector.js'

/**
 * Reorders the features.
 *
 *     zᵢ = x_order(i)        log|det ∂z/∂x| = 0
 *
 * @param order  [dim]; each of 0 … dim − 1 once
 * @throws {ShapeError} when a feature is missing or repeated
 */
export function permutation(order: readonly number[]): Bijector {
  const back = order.map((_, feature) => order.indexOf(feature))
  if (back.includes(-1)) throw new ShapeError(`a permutation of ${order.length} features has each once, got ${order}`)
  const reordered = ({ values, count, width }: Rows, from: readonly number[]): RowsAndLogDet => {
    const moved = new Float64Array(values.length)
    reorderInto(moved, values, from)
    return { value: { values: moved, count, width }, logDet: new Float64Array(count) }
  }
  return {
    forwardAndLogDet: (x) => {
      const [value] = reorder([x], { order: [...order], back }) as [Tensor2D]
      return { value, logDet: zeros([x.shape[0]]) }
    },
    forwardRows: (x) => reordered(x, order),
    inverseAndLogDet: (z) => reordered(z, back),
  }
}

function reorderInto(moved: Numbers, values: Numbers, from: readonly number[]): void {
  const dim = from.length
  for (let row = 0; row < values.length; row += dim) {
    for (let column = 0; column < dim; column++) moved[row + column] = values[row + from[column]!]!
  }
}

/** x [batch, dim] → z [batch, dim] */
const reorder = plainKernel<{ order: number[]; back: number[] }>({
  forward: ([x], { order }) => {
    const z = zeroed(x!.values.length)
    reorderInto(z, x!.values, order)
    return { outputs: [{ values: z, shape: x!.shape }] }
  },
  backward: ([dz], _, { back }) => {
    const dx = zeroed(dz!.values.length)
    reorderInto(dx, dz!.values, back)
    return [dx]
  },
})
