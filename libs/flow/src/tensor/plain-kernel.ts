import type { Tensor } from '@tensorflow/tfjs-core'
import { type Plain, plainOf, tensorOf } from './plain.js'
import { differentiable } from './tape.js'

/** An operation over plain arrays, and its gradient. Neither may write to its inputs. */
export interface PlainKernel<Attributes, Saved> {
  /** Maps inputs to outputs, and returns values that the gradient reuses. */
  forward(
    inputs: readonly Plain[],
    attributes: Attributes,
  ): { readonly outputs: readonly Plain[]; readonly saved?: Saved }
  /** Maps the gradients of the outputs to those of the inputs; `undefined` for an input without one. */
  backward(
    gradients: readonly Plain[],
    inputs: readonly Plain[],
    attributes: Attributes,
    saved: Saved,
  ): readonly (Float32Array | undefined)[]
}

/**
 * Makes an operation of TensorFlow.js, on either backend, from one over plain arrays.
 *
 * The elementwise parts of a flow touch a few hundred numbers per batch and layer, less arithmetic than one kernel launch costs.
 * As tensor operations each part needs about twenty launches; as one operation in JavaScript, in float64, a training step takes
 * half the time. Matrix products stay on the backend.
 */
export function plainKernel<Attributes, Saved = undefined>({
  forward,
  backward,
}: PlainKernel<Attributes, Saved>): (inputs: readonly Tensor[], attributes: Attributes) => Tensor[] {
  return (inputs, attributes) => {
    let given: readonly Plain[] = []
    let kept: Saved
    return differentiable(inputs, {
      forward: () => {
        given = inputs.map(plainOf)
        const { outputs, saved } = forward(given, attributes)
        kept = saved as Saved
        return outputs.map(tensorOf)
      },
      backward: (slopes) =>
        backward(slopes.map(plainOf), given, attributes, kept).map(
          (values, index) => () => tensorOf({ values: values!, shape: given[index]!.shape }),
        ),
    })
  }
}
