import type { Tensor2D } from '@tensorflow/tfjs-core'
import { ShapeError } from '../../errors.js'
import type { Numbers, Rows } from '../../tensor/rows.js'
import { type PlainOperation, runPlain } from '../../tensor/run-plain.js'
import { zeroed } from '../../tensor/scratch.js'
import type { Conditioner, UsedColumns } from './conditioner.js'
import { halvesOf, type Mask } from './mask.js'

/**
 * Runs a conditioner on the held features and the context only: conditioner(b⊙x, context). Outputs of held features are not
 * computed.
 *
 * @param mask         [dim]; 1 holds a feature, 0 moves it
 * @param conditioner  [batch, dim + contextDim] → [batch, outputs]
 * @param outputsOf    the outputs that belong to the moved features, in order
 * @returns the moved features, and the conditioner's output for them in both precisions
 * @throws {ShapeError} when the mask holds every feature, or moves all of several
 */
export function maskedConditioner(
  mask: Mask,
  conditioner: Conditioner,
  outputsOf: (moved: readonly number[]) => readonly number[],
) {
  const { moved, held } = halvesOf(mask)
  if (moved.length === 0 || (held.length === 0 && mask.length > 1)) {
    throw new ShapeError(`a coupling holds some features and moves the others, got the mask ${mask.join('')}`)
  }
  const outputs = outputsOf(moved)
  const only = (contextDim: number): UsedColumns => {
    const inputs = [...held, ...Array.from({ length: contextDim }, (_, at) => mask.length + at)]
    // A single feature without a context has no input: the conditioner gets 0.
    return { inputs: inputs.length > 0 ? inputs : [0], outputs }
  }
  return {
    moved,
    rawOfTensor: (x: Tensor2D, context: Tensor2D | undefined): Tensor2D => {
      const [joined] = runPlain(context === undefined ? [x] : [x, context], joinInputs(held))
      return conditioner.ofTensor(joined as Tensor2D, only(context?.shape[1] ?? 0))
    },
    rawOfRows: (x: Rows, context: Rows | undefined): Float64Array => {
      const { inputs } = only(context?.width ?? 0)
      const joined = { values: new Float64Array(x.count * inputs.length), count: x.count, width: inputs.length }
      concatInputs(joined.values, x.values, x.width, held, context?.values)
      return conditioner.ofRows(joined, { inputs, outputs }).values
    },
  }
}

/** [batch, held + contextDim]: the held features, then the context; a column of zeros if there are neither. */
function concatInputs(
  joined: Numbers,
  x: Numbers,
  dim: number,
  held: readonly number[],
  context: Numbers | undefined,
): void {
  const count = x.length / dim
  const contextDim = (context?.length ?? 0) / count
  const width = held.length + contextDim
  for (let row = 0; row < count; row++) {
    for (let at = 0; at < held.length; at++) joined[row * width + at] = x[row * dim + held[at]!]!
    for (let column = 0; column < contextDim; column++) {
      joined[row * width + held.length + column] = context![row * contextDim + column]!
    }
  }
}

/** x [batch, dim], context [batch, contextDim] → the conditioner's input: the held features, then the context */
const joinInputs = (held: readonly number[]): PlainOperation => ({
  forward: ([x, context]) => {
    const [batch, dim] = x!.shape as [number, number]
    const width = Math.max(1, held.length + (context?.shape[1] ?? 0))
    const joined = zeroed(batch * width)
    concatInputs(joined, x!.values, dim, held, context?.values)
    return [{ values: joined, shape: [batch, width] }]
  },
  backward: ([dJoined], [x]) => {
    const [batch, dim] = x!.shape as [number, number]
    const width = dJoined!.shape[1]!
    const dx = zeroed(batch * dim)
    for (let row = 0; row < batch; row++) {
      for (let at = 0; at < held.length; at++) dx[row * dim + held[at]!] = dJoined!.values[row * width + at]!
    }
    return [dx, undefined]
  },
})
