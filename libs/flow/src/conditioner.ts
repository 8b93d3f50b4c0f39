import type { Tensor2D } from '@tensorflow/tfjs-core'
import { type DenseWeights, denseLinear, denseRelu } from './dense.js'

/** What a layer takes its log-scale and shift from: [batch, in] → [batch, 2·dim], raw log-scales first. */
export type Conditioner = (input: Tensor2D) => Tensor2D

/**
 * A multi-layer perceptron, ReLU between its layers and none after the last.
 *
 * @param layers  in order; the last one starts at zero, which makes an unfitted flow the identity
 */
export function mlp(layers: readonly DenseWeights[]): Conditioner {
  const hidden = layers.slice(0, -1)
  const last = layers.at(-1)!
  return (input) => denseLinear(hidden.reduce(denseRelu, input), last)
}
