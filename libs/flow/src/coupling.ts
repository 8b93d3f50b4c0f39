import { add, exp, mul, neg, split, sub, sum, type Tensor, type Tensor2D, tanh, tensor1d } from '@tensorflow/tfjs-core'
import type { Bijector } from './bijector.js'
import { besideContext, type Conditioner } from './conditioner.js'
import { ShapeError } from './errors.js'
import { complement, type Mask } from './mask.js'

/**
 * Affine coupling layer: the held features pass through and, with the context, set log-scale and shift of the moved ones.
 *
 *     [r, t] = conditioner(b⊙x, context)      s = (1−b)⊙bound·tanh(r/bound)
 *     z = x⊙exp(s) + (1−b)⊙t                  log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * The bound keeps exp(s) within e^±bound a layer, whatever the conditioner says of a row unlike any it was fitted on.
 *
 * @param mask         [dim]; 1 holds a feature, 0 moves it
 * @param conditioner  [batch, dim + contextDim] → [batch, 2·dim]
 * @param scaleBound   bound of |s|
 * @returns bijector whose logDet is [batch], in nats
 * @throws {ShapeError} when the mask holds every feature, or moves all of several
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803, eqs 6 and 9
 */
export function affineCoupling(mask: Mask, conditioner: Conditioner, scaleBound: number): Bijector {
  const heldCount = mask.filter((held) => held === 1).length
  if (heldCount === mask.length || (heldCount === 0 && mask.length > 1)) {
    throw new ShapeError(`a coupling holds some features and moves the others, got the mask ${mask.join('')}`)
  }
  const logScaleAndShift = (x: Tensor2D, context: Tensor2D | undefined): [Tensor, Tensor] => {
    const raw = conditioner(besideContext(mul(x, tensor1d([...mask])), context))
    const [r, t] = split(raw, 2, 1) as [Tensor, Tensor]
    const moved = tensor1d([...complement(mask)])
    return [mul(tanh(mul(r, 1 / scaleBound)), mul(moved, scaleBound)), mul(t, moved)]
  }
  return {
    forwardAndLogDet: (x, context) => {
      const [s, t] = logScaleAndShift(x, context)
      return { value: add(mul(x, exp(s)), t), logDet: sum(s, 1) }
    },
    inverseAndLogDet: (z, context) => {
      const [s, t] = logScaleAndShift(z, context)
      return { value: mul(sub(z, t), exp(neg(s))), logDet: neg(sum(s, 1)) }
    },
  }
}
