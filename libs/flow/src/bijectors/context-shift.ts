import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { ShapeError } from '../errors.js'
import { plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers } from '../tensor/rows.js'
import { zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'

/**
 * Conditional shift and scale: shifts and scales every feature by functions of the context.
 *
 *     [r, t] = conditioner(context)      s = bound·tanh(r/bound)
 *     z = (x − t) ⊙ exp(s)               log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * It is the first bijector, next to the data; the layers after it model the variation that the context does not explain.
 *
 * @param conditioner  [batch, contextDim] → [batch, 2·dim]
 * @param bound        bound of |s|. Default 7.
 * @returns bijector whose logDet is [batch], in nats; its methods throw a ShapeError when there is no context
 */
export function contextShift(conditioner: Conditioner, bound = CONTEXT_SCALE_BOUND): Bijector {
  return {
    forwardAndLogDet: (x, context) => {
      const raw = conditioner.ofTensor(required(context))
      const [value, logDet] = shiftThenScale([x, raw], { bound }) as [Tensor2D, Tensor1D]
      return { value, logDet }
    },
    forwardRows: (x, context) => {
      const { count, width } = x
      const values = new Float64Array(count * width)
      const logDet = new Float64Array(count)
      computeShiftThenScale(values, logDet, x.values, conditioner.ofRows(required(context)).values, bound)
      return { value: { values, count, width }, logDet }
    },
    inverseAndLogDet: (z, context) => {
      const { count, width: dim } = z
      const raw = conditioner.ofRows(required(context)).values
      const values = new Float64Array(count * dim)
      const logDet = new Float64Array(count)
      for (let row = 0; row < count; row++) {
        for (let column = 0; column < dim; column++) {
          const s = bound * Math.tanh(raw[2 * row * dim + column]! / bound)
          const t = raw[(2 * row + 1) * dim + column]!
          values[row * dim + column] = z.values[row * dim + column]! * Math.exp(-s) + t
          logDet[row]! -= s
        }
      }
      return { value: { values, count, width: dim }, logDet }
    },
  }
}

function required<Context>(context: Context | undefined): Context {
  if (context === undefined) throw new ShapeError('a conditional flow needs a context for every row, got none')
  return context
}

/**
 * A known group can determine a number to a thousandth of its spread (the distance of a route), an unknown one not at all:
 * e^±7 covers that range, and the e^±2 of a coupling would not.
 */
export const CONTEXT_SCALE_BOUND = 7

/** z [batch, dim] and logDet [batch] of x [batch, dim] and raw [batch, 2·dim] */
function computeShiftThenScale(z: Numbers, logDet: Numbers, x: Numbers, raw: Numbers, bound: number): void {
  const dim = x.length / logDet.length
  for (let row = 0; row < logDet.length; row++) {
    let total = 0
    for (let column = 0; column < dim; column++) {
      const at = row * dim + column
      const s = bound * Math.tanh(raw[2 * row * dim + column]! / bound)
      total += s
      z[at] = (x[at]! - raw[(2 * row + 1) * dim + column]!) * Math.exp(s)
    }
    logDet[row] = total
  }
}

/** x [batch, dim], raw [batch, 2·dim] → z [batch, dim], logDet [batch] */
const shiftThenScale = plainKernel<{ bound: number }>({
  forward: ([x, raw], { bound }) => {
    const [batch, dim] = x!.shape as [number, number]
    const z = zeroed(batch * dim)
    const logDet = zeroed(batch)
    computeShiftThenScale(z, logDet, x!.values, raw!.values, bound)
    return {
      outputs: [
        { values: z, shape: [batch, dim] },
        { values: logDet, shape: [batch] },
      ],
    }
  },
  backward: ([dz, dLogDet], [x, raw], { bound }) => {
    const [batch, dim] = x!.shape as [number, number]
    const dx = zeroed(batch * dim)
    const dRaw = zeroed(2 * batch * dim)
    for (let row = 0; row < batch; row++) {
      for (let column = 0; column < dim; column++) {
        const at = row * dim + column
        const shift = (2 * row + 1) * dim + column
        const squashed = Math.tanh(raw!.values[2 * row * dim + column]! / bound)
        const slope = dz!.values[at]! * Math.exp(bound * squashed)
        dx[at] = slope
        dRaw[2 * row * dim + column] =
          (slope * (x!.values[at]! - raw!.values[shift]!) + dLogDet!.values[row]!) * (1 - squashed * squashed)
        dRaw[shift] = -slope
      }
    }
    return [dx, dRaw]
  },
})
