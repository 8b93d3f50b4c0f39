import { add, exp, mul, neg, sub, sum, type Tensor1D } from '@tensorflow/tfjs-core'
import type { Bijector } from './bijector.js'

/**
 * Activation normalisation: one shift and one scale per feature, set from data before the first step and learned
 * from then on.
 *
 *     z = (x + bias) ⊙ exp(logScale)        log|det ∂z/∂x| = Σᵢ logScaleᵢ
 *
 * @param bias      [dim]
 * @param logScale  [dim]
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.1
 */
export function actnorm(bias: Tensor1D, logScale: Tensor1D): Bijector {
  return {
    forwardAndLogDet: (x) => ({ value: mul(add(x, bias), exp(logScale)), logDet: sum(logScale) }),
    inverseAndLogDet: (z) => ({ value: sub(mul(z, exp(neg(logScale))), bias), logDet: neg(sum(logScale)) }),
  }
}

/** Below this deviation a feature counts as constant, and scaling it up further would only amplify rounding. */
const SMALLEST_DEVIATION = 1e-6

/**
 * The bias and log-scale with which actnorm gives these rows mean 0 and deviation 1 in every feature.
 *
 * @param rows  [count, dim], row-major, count ≥ 1
 */
export function actnormOf(rows: Float32Array, dim: number): { bias: Float32Array; logScale: Float32Array } {
  const count = rows.length / dim
  const bias = new Float32Array(dim)
  const logScale = new Float32Array(dim)
  for (let column = 0; column < dim; column++) {
    let total = 0
    for (let at = column; at < rows.length; at += dim) total += rows[at]!
    const mean = total / count
    let squares = 0
    for (let at = column; at < rows.length; at += dim) squares += (rows[at]! - mean) ** 2
    bias[column] = -mean
    logScale[column] = -Math.log(Math.max(Math.sqrt(squares / count), SMALLEST_DEVIATION))
  }
  return { bias, logScale }
}
