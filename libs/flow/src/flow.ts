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
  /** @returns z [count, dim] and log|det ∂z/∂x| [count], nats */
  forward(rows: Float32Array, context: Float32Array, count: number): { latent: Float32Array; logDet: Float32Array }
  /** @returns x [count, dim] of the latent rows z [count, dim] */
  inverse(latent: Float32Array, context: Float32Array, count: number): Float32Array
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

  const run = (direction: keyof Bijector, rows: Float32Array, context: Float32Array, count: number) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (count === 0) return { value: new Float32Array(0), logDet: new Float32Array(0) }
    return tidy(() => {
      const given = contextDim > 0 ? tensor2d(context, [count, contextDim]) : undefined
      const mapped = bijector[direction](tensor2d(rows, [count, dim]), given)
      return {
        value: checkFinite(mapped.value.dataSync<'float32'>().slice(), dim),
        logDet: checkFinite(mapped.logDet.dataSync<'float32'>().slice(), 1),
      }
    })
  }
  const forward: Flow['forward'] = (rows, context, count) => {
    const { value, logDet } = run('forwardAndLogDet', rows, context, count)
    return { latent: value, logDet }
  }
  return {
    engine: `tfjs ${backend.name} ${backend.version}`,
    forward,
    inverse: (latent, context, count) => run('inverseAndLogDet', latent, context, count).value,
    nll: async (rows, context, count) => {
      const { latent, logDet } = forward(rows, context, count)
      return nllOf(latent, logDet, dim)
    },
    latent: async (rows, context, count) => forward(rows, context, count).latent,
    close: async () => {
      for (const held of tensors.values()) held.dispose()
      tensors.clear()
    },
  }
}
