import { add, exp, mul, neg, split, sub, sum, type Tensor, type Tensor2D, tanh } from '@tensorflow/tfjs-core'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner.js'
import { ShapeError } from './errors.js'

/**
 * The conditional base: shifts and scales every feature by what the context alone says.
 *
 *     [r, t] = conditioner(context)      s = bound·tanh(r/bound)
 *     z = (x − t) ⊙ exp(s)               log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * It comes first, on the side of the data: what follows then sees what the context leaves unexplained.
 *
 * @param conditioner  [batch, contextDim] → [batch, 2·dim]
 * @throws {ShapeError} when it is asked without a context
 */
export function contextShift(conditioner: Conditioner, scaleBound = CONTEXT_SCALE_BOUND): Bijector {
  const logScaleAndShift = (context: Tensor2D | undefined): [Tensor, Tensor] => {
    if (context === undefined) throw new ShapeError('a conditional flow needs a context for every row, got none')
    const [r, t] = split(conditioner(context), 2, 1) as [Tensor, Tensor]
    return [mul(tanh(mul(r, 1 / scaleBound)), scaleBound), t]
  }
  return {
    forwardAndLogDet: (x, context) => {
      const [s, t] = logScaleAndShift(context)
      return { value: mul(sub(x, t), exp(s)), logDet: sum(s, 1) }
    },
    inverseAndLogDet: (z, context) => {
      const [s, t] = logScaleAndShift(context)
      return { value: add(mul(z, exp(neg(s))), t), logDet: neg(sum(s, 1)) }
    },
  }
}

/**
 * Of a known group a number may be known to a thousandth of its spread (the distance of a route), of an unknown one not at
 * all: e^±7 covers that, where the ±2 of a coupling would not.
 */
export const CONTEXT_SCALE_BOUND = 7
