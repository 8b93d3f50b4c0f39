import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { type PlainKernel, plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers, Rows } from '../tensor/rows.js'
import { zeroed } from '../tensor/scratch.js'
import type { RowsAndLogDet, ValueAndLogDet } from './bijector.js'

/** The forward map of a bijector over plain arrays, and its gradient. */
interface RowMap<Attributes, Saved> extends Pick<PlainKernel<Attributes, Saved>, 'backward'> {
  /**
   * Writes z [batch, dim] and logDet [batch], which are zero before, in their own precision.
   *
   * @param inputs  x [batch, dim], then the parameters
   * @returns values that the gradient reuses
   */
  compute(z: Numbers, logDet: Numbers, inputs: readonly Numbers[], attributes: Attributes): Saved
}

/** Makes the forward map of a bijector, in both precisions, from one function. */
export function rowKernel<Attributes, Saved = void>({ compute, backward }: RowMap<Attributes, Saved>) {
  const kernel = plainKernel<Attributes, Saved>({
    forward: (inputs, attributes) => {
      const { shape, values } = inputs[0]!
      const [z, logDet] = [zeroed(values.length), zeroed(shape[0]!)]
      const saved = compute(
        z,
        logDet,
        inputs.map((input) => input.values),
        attributes,
      )
      const outputs = [
        { values: z, shape },
        { values: logDet, shape: [logDet.length] },
      ]
      return { outputs, saved }
    },
    backward,
  })
  return {
    /** Differentiable, in float32. */
    ofTensors: (inputs: readonly [x: Tensor2D, ...parameters: Tensor[]], attributes: Attributes): ValueAndLogDet => {
      const [value, logDet] = kernel(inputs, attributes) as [Tensor2D, Tensor1D]
      return { value, logDet }
    },
    /** The same in float64. */
    ofRows: (x: Rows, parameters: readonly Numbers[], attributes: Attributes): RowsAndLogDet => {
      const values = new Float64Array(x.values.length)
      const logDet = new Float64Array(x.count)
      compute(values, logDet, [x.values, ...parameters], attributes)
      return { value: { ...x, values }, logDet }
    },
  }
}
