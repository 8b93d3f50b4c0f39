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
  const { inputs, outputs } = only
  const last = layers.length - 1
  return layers.map(({ weight, bias }, index) => {
    const [used] = index === 0 ? (runPlain([weight], pickRows(inputs)) as [Tensor2D]) : [weight]
    if (index < last) return { weight: used, bias }
    const [wanted] = runPlain([used], pickColumns(outputs)) as [Tensor2D]
    const [wantedBias] = runPlain([bias], pickColumns(outputs)) as [Tensor1D]
    return { weight: wanted, bias: wantedBias }
  })
}

/** [height, width] → the wanted rows of it */
const pickRows = (rows: readonly number[]): PlainOperation => ({
  forward: ([whole]) => {
    const width = whole!.shape[1]!
    const values = zeroed(rows.length * width)
    rows.forEach((row, at) => {
      values.set(whole!.values.subarray(row * width, (row + 1) * width), at * width)
    })
    return [{ values, shape: [rows.length, width] }]
  },
  backward: ([slope], [whole]) => {
    const width = whole!.shape[1]!
    const values = zeroed(whole!.values.length)
    rows.forEach((row, at) => {
      values.set(slope!.values.subarray(at * width, (at + 1) * width), row * width)
    })
    return [values]
  },
})

/** [height, width], or [width] → the wanted columns of it */
const pickColumns = (columns: readonly number[]): PlainOperation => ({
  forward: ([whole]) => {
    const width = whole!.shape.at(-1)!
    const values = zeroed((whole!.values.length / width) * columns.length)
    for (let from = 0, at = 0; from < whole!.values.length; from += width) {
      for (const column of columns) values[at++] = whole!.values[from + column]!
    }
    return [{ values, shape: [...whole!.shape.slice(0, -1), columns.length] }]
  },
  backward: ([slope], [whole]) => {
    const width = whole!.shape.at(-1)!
    const values = zeroed(whole!.values.length)
    for (let from = 0, at = 0; from < values.length; from += width) {
      for (const column of columns) values[from + column] = slope!.values[at++]!
    }
    return [values]
  },
})
