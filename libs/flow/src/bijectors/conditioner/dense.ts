import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { matrices } from '../../tensor/matrices/matrices.js'
import type { Activation } from '../../tensor/matrices/matrix-operations.js'
import type { Rows } from '../../tensor/rows.js'
import { differentiable } from '../../tensor/tape.js'

/** One dense layer's weight [in, out] and bias [out]. */
export interface DenseWeights {
  readonly weight: Tensor2D
  readonly bias: Tensor1D
}

/**
 * Dense layers one after another, x·W + b each, with an activation between them and none after the last: [batch, in] → [batch, out].
 *
 * One operation with its own gradient: while recording gradients, tfjs splits `fused.matMul` into operations that each cost more
 * to record than to compute.
 */
export function denseLayers(x: Tensor2D, layers: readonly DenseWeights[], between: Activation): Tensor2D {
  const activationOf = (index: number) => (index < layers.length - 1 ? between : 'linear')
  const inputs = [x, ...layers.flatMap(({ weight, bias }) => [weight, bias])]
  const values: Tensor[] = [x]
  const [value] = differentiable(inputs, {
    forward: () => {
      const { dense } = matrices()
      layers.forEach(({ weight, bias }, index) => {
        values.push(dense(values[index]!, weight, bias, activationOf(index)))
      })
      return values.slice(-1)
    },
    backward: ([dy]) => {
      const { reluGradient, columnSums, timesTransposed, transposedTimes } = matrices()
      const gradients: (() => Tensor)[] = []
      let slope = dy!
      for (let index = layers.length - 1; ; index--) {
        const [own, given, { weight }] = [slope, values[index]!, layers[index]!]
        gradients.unshift(
          () => transposedTimes(given, own),
          () => columnSums(own),
        )
        if (index === 0) return [() => timesTransposed(own, weight), ...gradients]
        slope = timesTransposed(own, weight)
        if (between === 'relu') slope = reluGradient(slope, given)
      }
    },
  })
  return value as Tensor2D
}

/** One dense layer in float64, [count, in] → [count, out]. */
export function denseRows(x: Rows, { weight, bias }: DenseWeights, activation: Activation): Rows {
  const [inputs, width] = weight.shape
  const weights = weight.dataSync<'float32'>()
  const offsets = Float64Array.from(bias.dataSync())
  const values = new Float64Array(x.count * width)
  for (let row = 0; row < x.count; row++) {
    const sums = values.subarray(row * width, (row + 1) * width)
    sums.set(offsets)
    for (let input = 0; input < inputs; input++) {
      const given = x.values[row * inputs + input]!
      for (let output = 0; output < width; output++) sums[output]! += given * weights[input * width + output]!
    }
    if (activation === 'relu') for (let output = 0; output < width; output++) sums[output] = Math.max(sums[output]!, 0)
  }
  return { values, count: x.count, width }
}
