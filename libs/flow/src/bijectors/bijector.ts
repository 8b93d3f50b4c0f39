import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Rows } from '../tensor/rows.js'

/**
 * An invertible map of rows whose log-det-Jacobian is known: forward is data → latent, x → z.
 *
 * One method returns value and log-det, so they cannot disagree. The context is [batch, contextDim], the same in both
 * directions; a bijector that is not conditional ignores it.
 *
 * Training and bulk scoring run forward on tensors, differentiable, in float32. exp(±s) amplifies rounding errors layer by layer,
 * a thousandfold for an outlier, so outliers and the inverse are computed in float64 on plain arrays.
 */
export interface Bijector {
  /** z and log|det ∂z/∂x|, differentiable, in float32 */
  forwardAndLogDet(x: Tensor2D, context?: Tensor2D): ValueAndLogDet
  /** The same in float64. */
  forwardRows(x: Rows, context?: Rows): RowsAndLogDet
  /** x and log|det ∂x/∂z|, in float64 */
  inverseAndLogDet(z: Rows, context?: Rows): RowsAndLogDet
}

/** Output rows and log|det| of the Jacobian. */
export interface ValueAndLogDet {
  /** [batch, dim] */
  readonly value: Tensor2D
  /** [batch] in nats */
  readonly logDet: Tensor1D
}

/** The same in float64. */
export interface RowsAndLogDet {
  readonly value: Rows
  /** [count] in nats */
  readonly logDet: Float64Array
}
