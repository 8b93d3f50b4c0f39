import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Rows } from '../../tensor/rows.js'
import { type PlainOperation, runPlain } from '../../tensor/run-plain.js'
import { zeroed } from '../../tensor/scratch.js'
import { tidyNumbers } from '../../tensor/tfjs.js'
import { type DenseWeights, denseLayers, denseRows } from './dense.js'

/**
 * Computes the parameters of a layer: [batch, in] → [batch, out].
 *
 * For an affine layer out = 2·dim: raw log-scales, then shifts. For a spline: the raw knots, feature by feature.
 */
export type Conditioner = ReturnType<typeof mlp>

/** The inputs that are not 0 and the outputs that are needed; nothing else is computed. Default: all. */
export interface UsedColumns {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
}

/**
 * A multi-layer perceptron, ReLU between its layers and none after the last.
 *
 * @param layers  in order; the last one is zero in an untrained flow, which makes it the identity
 */
export function mlp(layers: readonly DenseWeights[]) {
  const ofRows = (input: Rows, [first, ...more]: readonly DenseWeights[]): Rows =>
    more.length === 0 ? denseRows(input, first!, 'linear') : ofRows(denseRows(input, first!, 'relu'), more)
  return {
    /** Differentiable, in float32. */
    ofTensor: (input: Tensor2D, only?: UsedColumns) => denseLayers(input, narrowed(layers, only), 'relu'),
    /** The same in float64. */
    ofRows: (input: Rows, only?: UsedColumns) => tidyNumbers(() => ofRows(input, narrowed(layers, only))),
  }
}

/** The layers, restricted to the used rows of the first weight and columns of the last one. */
function narrowed(layers: readonly DenseWeights[], only: UsedColumns | undefined): readonly DenseWeights[] {
  if (only === undefined) return layers
  const last = layers.length - 1
  return layers.map(({ weight, bias }, index) => {
    if (index > 0 && index < last) return { weight, bias }
    const [height, width] = weight.shape
    const rows = index === 0 ? only.inputs : [...Array(height).keys()]
    const columns = index === last ? only.outputs : [...Array(width).keys()]
    const [used] = runPlain([weight], pick(rows, columns)) as [Tensor2D]
    const [usedBias] = runPlain([bias], pick([0], columns)) as [Tensor1D]
    return { weight: used, bias: usedBias }
  })
}

/** [height, width], or [width] as one row → the wanted rows and columns of it */
const pick = (rows: readonly number[], columns: readonly number[]): PlainOperation => ({
  forward: ([whole]) => {
    const { values, shape } = whole!
    const picked = zeroed(rows.length * columns.length)
    let at = 0
    for (const row of rows) for (const column of columns) picked[at++] = values[row * shape.at(-1)! + column]!
    return [{ values: picked, shape: shape.length === 1 ? [columns.length] : [rows.length, columns.length] }]
  },
  backward: ([slope], [whole]) => {
    const values = zeroed(whole!.values.length)
    let at = 0
    for (const row of rows)
      for (const column of columns) values[row * whole!.shape.at(-1)! + column] = slope!.values[at++]!
    return [values]
  },
})
