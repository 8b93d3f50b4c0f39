import type { Tensor2D } from '@tensorflow/tfjs-core'
import { type DenseWeights, denseLayers, denseRows } from './dense.js'
import type { Rows } from './rows.js'

/**
 * What a layer takes its parameters from: [batch, in] → [batch, out].
 *
 * An affine layer takes out = 2·dim, raw log-scales first, then shifts; a spline the raw knots of one feature after another.
 */
export interface Conditioner {
  /** Differentiable, in float32. */
  ofTensor(input: Tensor2D): Tensor2D
  /** The same in float64. */
  ofRows(input: Rows): Rows
}

/**
 * A multi-layer perceptron, ReLU between its layers and none after the last.
 *
 * @param layers  in order; the last one starts at zero, which makes an unfitted flow the identity
 */
export function mlp(layers: readonly DenseWeights[]): Conditioner {
  const hidden = layers.slice(0, -1)
  const last = layers.at(-1)!
  return {
    ofTensor: (input) => denseLayers(input, layers, 'relu'),
    ofRows: (input) =>
      denseRows(
        hidden.reduce((rows, layer) => denseRows(rows, layer, 'relu'), input),
        last,
        'linear',
      ),
  }
}
