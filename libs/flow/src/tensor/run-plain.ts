import type { Tensor } from '@tensorflow/tfjs-core'
import { type Plain, plainOf, tensorOf } from './plain.js'
import { differentiable } from './tape.js'

/** An operation over plain arrays, and its gradient; both may share variables of a closure. Neither may write to its inputs. */
export interface PlainOperation {
  /** Maps inputs to outputs. */
  forward(inputs: readonly Plain[]): readonly Plain[]
  /** Maps the gradients of the outputs to those of the inputs; `undefined` for an input without one. */
  backward(gradients: readonly Plain[], inputs: readonly Plain[]): readonly (Float32Array | undefined)[]
}

/**
 * Runs an operation over plain arrays as one of TensorFlow.js, on either backend.
 *
 * The elementwise parts of a flow touch a few hundred numbers per batch and layer, less arithmetic than one kernel launch costs.
 * As tensor operations each part needs about twenty launches; as one operation in JavaScript, in float64, a training step takes
 * half the time. Matrix products stay on the backend.
 */
export function runPlain(inputs: readonly Tensor[], { forward, backward }: PlainOperation): Tensor[] {
  let given: readonly Plain[] = []
  return differentiable(inputs, {
    forward: () => {
      given = inputs.map(plainOf)
      return forward(given).map(tensorOf)
    },
    backward: (slopes) =>
      backward(slopes.map(plainOf), given).map(
        (values, index) => () => tensorOf({ values: values!, shape: given[index]!.shape }),
      ),
  })
}
