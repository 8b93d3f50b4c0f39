import type { Tensor } from '@tensorflow/tfjs-core'
import { type Plain, plainOf, tensorOf } from './plain.js'
import { differentiable } from './tape.js'

/** An operation over plain arrays, and its gradient. No array that it is given may be written to. */
export interface PlainKernel<Attributes, Aside> {
  /** From the inputs, in order, to the outputs, and what the gradient wants to know again. */
  forward(
    inputs: readonly Plain[],
    attributes: Attributes,
  ): { readonly outputs: readonly Plain[]; readonly aside?: Aside }
  /** From the gradients by the outputs to those by the inputs; an input without one takes none. */
  backward(
    gradients: readonly Plain[],
    inputs: readonly Plain[],
    attributes: Attributes,
    aside: Aside,
  ): readonly (Float32Array | undefined)[]
}

/**
 * Makes an operation of TensorFlow.js, on either backend, from one over plain arrays.
 *
 * The element-by-element parts of a flow are a few hundred numbers a batch and layer: as tensor operations each would be
 * launched twenty times, there and back, for less arithmetic than one launch costs. As one operation apiece they run in
 * JavaScript, in float64, and a fit step takes half the time; the matrix products stay with the backend.
 */
export function plainKernel<Attributes, Aside = undefined>({
  forward,
  backward,
}: PlainKernel<Attributes, Aside>): (inputs: readonly Tensor[], attributes: Attributes) => Tensor[] {
  return (inputs, attributes) => {
    let given: readonly Plain[] = []
    let kept: Aside
    return differentiable(inputs, {
      forward: () => {
        given = inputs.map(plainOf)
        const { outputs, aside } = forward(given, attributes)
        kept = aside as Aside
        return outputs.map(tensorOf)
      },
      backward: (slopes) =>
        backward(slopes.map(plainOf), given, attributes, kept).map(
          (values, index) => () => tensorOf({ values: values!, shape: given[index]!.shape }),
        ),
    })
  }
}
