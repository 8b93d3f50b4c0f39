import type { Tensor } from '@tensorflow/tfjs-core'
import { core } from '../tfjs.js'

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

/** By tfjs's public operations, for any version and backend; call it within a `tidy`. */
export const plainMatrices: Matrices = {
  dense: (x, weight, bias, activation) => {
    const value = core().add(core().matMul(x, weight), bias)
    return activation === 'relu' ? core().relu(value) : value
  },
  reluGradient: (dy, value) => core().mul(dy, core().step(value)),
  columnSums: (rows) => core().sum(rows, 0),
  timesTransposed: (a, b) => core().matMul(a, b, false, true),
  transposedTimes: (a, b) => core().matMul(a, b, true, false),
}
