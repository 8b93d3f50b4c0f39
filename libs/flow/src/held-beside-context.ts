import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { Conditioner } from './conditioner.js'
import { ShapeError } from './errors.js'
import type { Mask } from './mask.js'
import { plainKernel } from './plain-kernel.js'
import type { Numbers, Rows } from './rows.js'

/** What a coupling's conditioner says of rows, in both precisions. */
export interface Raw {
  rawOfTensor(x: Tensor2D, context: Tensor2D | undefined): Tensor2D
  rawOfRows(x: Rows, context: Rows | undefined): Float64Array
}

/**
 * Lets a conditioner see the held features and the context, and nothing of what is moved: conditioner(b⊙x, context).
 *
 * @param mask         [dim]; 1 holds a feature, 0 moves it
 * @param conditioner  [batch, dim + contextDim] → [batch, outputs]
 * @throws {ShapeError} when the mask holds every feature, or moves all of several
 */
export function heldBesideContext(mask: Mask, conditioner: Conditioner): Raw {
  const heldCount = mask.filter((held) => held === 1).length
  if (heldCount === mask.length || (heldCount === 0 && mask.length > 1)) {
    throw new ShapeError(`a coupling holds some features and moves the others, got the mask ${mask.join('')}`)
  }
  const held = [...mask]
  return {
    rawOfTensor: (x, context) => {
      const [seen] = besideContext(context === undefined ? [x] : [x, context], { held }) as [Tensor2D]
      return conditioner.ofTensor(seen)
    },
    rawOfRows: (x, context) => {
      const width = x.width + (context?.width ?? 0)
      const seen = new Float64Array(x.count * width)
      heldBesideContextInto(seen, x.values, held, context?.values, width - x.width)
      return conditioner.ofRows({ values: seen, count: x.count, width }).values
    },
  }
}

/** [batch, dim + contextDim]: x where it is held, else 0; then the context */
function heldBesideContextInto(
  seen: Numbers,
  x: Numbers,
  held: readonly number[],
  context: Numbers | undefined,
  contextDim: number,
): void {
  const dim = held.length
  const width = dim + contextDim
  for (let row = 0; row * width < seen.length; row++) {
    for (let column = 0; column < dim; column++) {
      if (held[column] === 1) seen[row * width + column] = x[row * dim + column]!
    }
    for (let column = 0; column < contextDim; column++) {
      seen[row * width + dim + column] = context![row * contextDim + column]!
    }
  }
}

/** x [batch, dim], context [batch, contextDim] → what the conditioner sees: x where held, else 0; then the context */
const besideContext = plainKernel<{ held: number[] }>({
  forward: ([x, context], { held }) => {
    const [batch, dim] = x!.shape as [number, number]
    const contextDim = context?.shape[1] ?? 0
    const width = dim + contextDim
    const seen = new Float32Array(batch * width)
    heldBesideContextInto(seen, x!.values, held, context?.values, contextDim)
    return { outputs: [{ values: seen, shape: [batch, width] }] }
  },
  backward: ([dSeen], [x], { held }) => {
    const [batch, dim] = x!.shape as [number, number]
    const width = dSeen!.shape[1]!
    const dx = new Float32Array(batch * dim)
    for (let row = 0; row < batch; row++) {
      for (let column = 0; column < dim; column++) {
        if (held[column] === 1) dx[row * dim + column] = dSeen!.values[row * width + column]!
      }
    }
    return [dx, undefined]
  },
})
