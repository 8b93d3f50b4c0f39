import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Numbers, Rows } from '../tensor/rows.js'
import { type PlainOperation, runPlain } from '../tensor/run-plain.js'
import { zeroed } from '../tensor/scratch.js'
import type { RowsAndLogDet, ValueAndLogDet } from './bijector.js'

/** The forward map of a bijector over plain arrays, and its gradient. */
export interface RowMap extends Pick<PlainOperation, 'backward'> {
  /**
   * Writes z [batch, dim] and logDet [batch], which are zero before, in their own precision.
   *
   * @param inputs  x [batch, dim], then the parameters
   */
  compute(z: Numbers, logDet: Numbers, inputs: readonly Numbers[]): void
}

/** Maps tensors, differentiable, in float32. */
export function mapTensors(
  inputs: readonly [x: Tensor2D, ...parameters: Tensor[]],
  { compute, backward }: RowMap,
): ValueAndLogDet {
  const forward: PlainOperation['forward'] = (given) => {
    const { shape, values } = given[0]!
    const [z, logDet] = [zeroed(values.length), zeroed(shape[0]!)]
    compute(
      z,
      logDet,
      given.map((input) => input.values),
    )
    return [
      { values: z, shape },
      { values: logDet, shape: [logDet.length] },
    ]
  }
  const [value, logDet] = runPlain(inputs, { forward, backward }) as [Tensor2D, Tensor1D]
  return { value, logDet }
}

/** The same in float64. */
export function mapRows(x: Rows, parameters: readonly Numbers[], { compute }: RowMap): RowsAndLogDet {
  const values = new Float64Array(x.values.length)
  const logDet = new Float64Array(x.count)
  compute(values, logDet, [x.values, ...parameters])
  return { value: { ...x, values }, logDet }
}
