import { sub, type Tensor, type Tensor1D, type Tensor2D, tensor, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { type BackendName, openBackend } from './backend.js'
import { standardNormal } from './base-distribution.js'
import type { Bijector } from './bijector.js'
import type { FlowState } from './flow-state.js'
import { checkFlow, learnedShapes, masksOf, realNvp } from './real-nvp.js'
import { checkFinite, checkRows, nllOf } from './rows.js'
import type { Scorer } from './scorer.js'

/** −log p(x | context) = −log N(f(x); 0, 1) − log|det ∂f/∂x|, [batch] in nats. */
export function negativeLogLikelihood(bijector: Bijector, x: Tensor2D, context: Tensor2D | undefined): Tensor1D {
  const { value, logDet } = bijector.forwardAndLogDet(x, context)
  return sub(sub(0, standardNormal.logProb(value)), logDet) as Tensor1D
}

/** A fitted flow on TensorFlow.js: the reference that other engines are checked against, and the way back from z to x. */
export interface Flow extends Scorer {
  /** @returns x [count, dim] of the latent rows z [count, dim], in float64 */
  inverse(latent: Float64Array, context: Float32Array, count: number): Float64Array
}

/**
 * Opens a flow on a TensorFlow.js backend; `close` frees its tensors.
 *
 * The base density is summed in float64 from the float32 latent, so that a far outlier's NLL neither overflows nor loses
 * its last digits to the sum.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 * @throws {BackendUnavailable} when the wanted backend does not load
 */
export async function openFlow(state: FlowState, prefer: BackendName = 'wasm'): Promise<Flow> {
  const { dim, contextDim } = checkFlow(state).spec
  const backend = await openBackend(prefer)
  const tensors = new Map<string, Tensor>()
  for (const name of learnedShapes(state.spec).keys()) {
    const { data, shape } = state.weights.get(name)!
    tensors.set(name, tensor(data, [...shape]))
  }
  const bijector = realNvp(state.spec, tensors, masksOf(state))

  const forward: Flow['forward'] = async (rows, context, count) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (count === 0) return { latent: new Float32Array(0), logDet: new Float32Array(0) }
    return tidy(() => {
      const given = contextDim > 0 ? tensor2d(context, [count, contextDim]) : undefined
      const { value, logDet } = bijector.forwardAndLogDet(tensor2d(rows, [count, dim]), given)
      return {
        latent: checkFinite(value.dataSync<'float32'>().slice(), dim),
        logDet: checkFinite(logDet.dataSync<'float32'>().slice(), 1),
      }
    })
  }
  const inverse: Flow['inverse'] = (latent, context, count) => {
    checkRows(latent, dim, count, 'latent column')
    checkRows(context, contextDim, count, 'context column')
    const given = { values: Float64Array.from(context), count, width: contextDim }
    const z = { values: latent, count, width: dim }
    return checkFinite(bijector.inverseAndLogDet(z, contextDim > 0 ? given : undefined).value.values, dim)
  }
  return {
    engine: `tfjs ${backend.name} ${backend.version}`,
    forward,
    inverse,
    nll: async (rows, context, count) => {
      const { latent, logDet } = await forward(rows, context, count)
      return nllOf(latent, logDet, dim)
    },
    close: async () => {
      for (const held of tensors.values()) held.dispose()
      tensors.clear()
    },
  }
}
