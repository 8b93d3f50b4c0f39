import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainKernel } from '../../tensor/plain-kernel.js'
import type { Rows } from '../../tensor/rows.js'
import { zeroed } from '../../tensor/scratch.js'
import { tidy } from '../../tensor/tfjs.js'
import { type DenseWeights, denseLayers, denseRows } from './dense.js'

/**
 * What a layer takes its parameters from: [batch, in] → [batch, out].
 *
 * An affine layer takes out = 2·dim, raw log-scales first, then shifts; a spline the raw knots of one feature after another.
 */
export interface Conditioner {
  /** Differentiable, in float32. */
  ofTensor(input: Tensor2D, only?: Narrowing): Tensor2D
  /** The same in float64. */
  ofRows(input: Rows, only?: Narrowing): Rows
}

/** Which inputs are given, as all others are 0, and which outputs are wanted; the rest is not computed. Default: all. */
export interface Narrowing {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
}

/**
 * A multi-layer perceptron, ReLU between its layers and none after the last.
 *
 * @param layers  in order; the last one starts at zero, which makes an unfitted flow the identity
 */
export function mlp(layers: readonly DenseWeights[]): Conditioner {
  const ofRows = (input: Rows, [first, ...more]: readonly DenseWeights[]): Rows =>
    more.length === 0 ? denseRows(input, first!, 'linear') : ofRows(denseRows(input, first!, 'relu'), more)
  return {
    ofTensor: (input, only) => denseLayers(input, narrowed(layers, only), 'relu'),
    ofRows: (input, only) => {
      let found = input
      // Nothing is returned through tidy: it would walk the numbers, looking for tensors.
      tidy(() => {
        found = ofRows(input, narrowed(layers, only))
      })
      return found
    },
  }
}

/** The layers with the rows of the first weight that have an input, and the columns of the last one that are wanted. */
function narrowed(layers: readonly DenseWeights[], only: Narrowing | undefined): readonly DenseWeights[] {
  if (only === undefined) return layers
  const { inputs, outputs } = only
  const last = layers.length - 1
  return layers.map(({ weight, bias }, index) => {
    const [seen] = index === 0 ? (rowsOf([weight], { rows: inputs }) as [Tensor2D]) : [weight]
    if (index < last) return { weight: seen, bias }
    const [wanted] = columnsOf([seen], { columns: outputs }) as [Tensor2D]
    const [wantedBias] = columnsOf([bias], { columns: outputs }) as [Tensor1D]
    return { weight: wanted, bias: wantedBias }
  })
}

/** [height, width] → the wanted rows of it */
const rowsOf = plainKernel<{ readonly rows: readonly number[] }>({
  forward: ([whole], { rows }) => {
    const width = whole!.shape[1]!
    const values = zeroed(rows.length * width)
    rows.forEach((row, at) => {
      values.set(whole!.values.subarray(row * width, (row + 1) * width), at * width)
    })
    return { outputs: [{ values, shape: [rows.length, width] }] }
  },
  backward: ([slope], [whole], { rows }) => {
    const width = whole!.shape[1]!
    const values = zeroed(whole!.values.length)
    rows.forEach((row, at) => {
      values.set(slope!.values.subarray(at * width, (at + 1) * width), row * width)
    })
    return [values]
  },
})

/** [height, width], or [width] → the wanted columns of it */
const columnsOf = plainKernel<{ readonly columns: readonly number[] }>({
  forward: ([whole], { columns }) => {
    const width = whole!.shape.at(-1)!
    const values = zeroed((whole!.values.length / width) * columns.length)
    for (let from = 0, at = 0; from < whole!.values.length; from += width) {
      for (const column of columns) values[at++] = whole!.values[from + column]!
    }
    return { outputs: [{ values, shape: [...whole!.shape.slice(0, -1), columns.length] }] }
  },
  backward: ([slope], [whole], { columns }) => {
    const width = whole!.shape.at(-1)!
    const values = zeroed(whole!.values.length)
    for (let from = 0, at = 0; from < values.length; from += width) {
      for (const column of columns) values[from + column] = slope!.values[at++]!
    }
    return [values]
  },
})
