import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'

/** Where a bijector takes its rows, and how much it stretches space there. */
export interface Mapped {
  /** [batch, dim] */
  readonly value: Tensor2D
  /** [batch] in nats */
  readonly logDet: Tensor1D
}

/**
 * An invertible map of rows whose log-det-Jacobian is known: forward is data → latent, x → z.
 *
 * Value and log-det come from one method, so they cannot drift apart. `context` is [batch, contextDim], the same in both
 * directions; a bijector that is not conditional ignores it.
 */
export interface Bijector {
  /** z and log|det ∂z/∂x| */
  forwardAndLogDet(x: Tensor2D, context?: Tensor2D): Mapped
  /** x and log|det ∂x/∂z| */
  inverseAndLogDet(z: Tensor2D, context?: Tensor2D): Mapped
}
