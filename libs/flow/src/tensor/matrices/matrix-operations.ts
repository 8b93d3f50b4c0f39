import type { Tensor } from '@tensorflow/tfjs-core'

export type Activation = 'relu' | 'linear'

/** Matrix operations of dense layers and their gradients; none is recorded on a tape. */
export interface Matrices {
  /** activation(x·W + b) */
  dense(x: Tensor, weight: Tensor, bias: Tensor, activation: Activation): Tensor
  /** Gradient of ReLU: dy where its output is positive, 0 elsewhere. */
  reluGradient(dy: Tensor, value: Tensor): Tensor
  /** [batch, width] → sum of each column, [width] */
  columnSums(rows: Tensor): Tensor
  /** a·bᵀ */
  timesTransposed(a: Tensor, b: Tensor): Tensor
  /** aᵀ·b */
  transposedTimes(a: Tensor, b: Tensor): Tensor
}
