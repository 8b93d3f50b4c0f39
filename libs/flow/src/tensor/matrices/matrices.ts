import type { Tensor } from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from '../backend.js'
import { getBackend, version_core } from '../tfjs.js'
import { nativeMatrices } from './native.js'
import { plainMatrices } from './plain-matrices.js'
import { wasmMatrices } from './wasm.js'

export type Activation = 'relu' | 'linear'

/** Matrix operations of dense layers and their gradients; none is recorded on a tape. */
export interface Matrices {
  /** activation(x·W + b) */
  dense(x: Tensor, weight: Tensor, bias: Tensor, activation: Activation): Tensor
  /** Gradient of ReLU: dy where its output is positive, 0 elsewhere. */
  open(dy: Tensor, value: Tensor): Tensor
  /** a⊙b */
  times(a: Tensor, b: Tensor): Tensor
  /** [batch, width] → sum of each column, [width] */
  columnSums(rows: Tensor): Tensor
  /** a·bᵀ */
  timesTransposed(a: Tensor, b: Tensor): Tensor
  /** aᵀ·b */
  transposedTimes(a: Tensor, b: Tensor): Tensor
}

/** The tfjs that `wasm.ts` and `native.ts` were written for; package.json pins it, and tfjs-node uses a tfjs-core of its own version. */
const TESTED_VERSION = '4.22.0'

/**
 * The operations for the open backend. In the tested tfjs they call its kernels directly, which makes a dense layer with its gradient
 * 3 to 8 times as fast; in another one they are tfjs's public operations.
 */
export function matrices(version = version_core): Matrices {
  if (version !== TESTED_VERSION) return plainMatrices
  return getBackend() === REGISTERED_AS.wasm ? wasmMatrices : nativeMatrices
}
