import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { type DenseWeights, denseLayers, denseRows } from './dense.js'
import { plainKernel } from './plain-kernel.js'
import type { Rows } from './rows.js'
import { tidy } from './tfjs.js'

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
    const rows = index === 0 ? inputs : undefined
    const columns = index === last ? outputs : undefined
    if (rows === undefined && columns === undefined) return { weight, bias }
    const [cutWeight] = cut([weight], { rows, columns }) as [Tensor2D]
    if (columns === undefined) return { weight: cutWeight, bias }
    const [cutBias] = cut([bias], { columns }) as [Tensor1D]
    return { weight: cutWeight, bias: cutBias }
  })
}

interface Cut {
  /** Default: all. */
  readonly rows?: readonly number[] | undefined
  readonly columns?: readonly number[] | undefined
}

/** A matrix [rows, columns], or a vector [columns] → the wanted rows and columns of it */
const cut = plainKernel<Cut>({
  forward: ([whole], wanted) => {
    const { rows, columns, width } = sidesOf(whole!.shape, wanted)
    const values = new Float32Array(rows.length * columns.length)
    let at = 0
    for (const row of rows) for (const column of columns) values[at++] = whole!.values[row * width + column]!
    const shape = whole!.shape.length === 1 ? [columns.length] : [rows.length, columns.length]
    return { outputs: [{ values, shape }] }
  },
  backward: ([slope], [whole], wanted) => {
    const { rows, columns, width } = sidesOf(whole!.shape, wanted)
    const values = new Float32Array(whole!.values.length)
    let at = 0
    for (const row of rows) for (const column of columns) values[row * width + column] = slope!.values[at++]!
    return [values]
  },
})

function sidesOf(shape: readonly number[], wanted: Cut) {
  const [height, width] = shape.length === 1 ? [1, shape[0]!] : (shape as [number, number])
  const { rows = [...Array(height).keys()], columns = [...Array(width).keys()] } = wanted
  return { rows, columns, width }
}
