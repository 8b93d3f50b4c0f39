import type { Tensor } from '@tensorflow/tfjs-core'
import { nllOf } from '../base/base-distribution.js'
import { baseOf } from '../base/bases.js'
import { chain } from '../bijectors/chain.js'
import { type ExactForward, type Forward, NO_ROWS, refineFarRows, rounded } from '../scoring/far-rows.js'
import type { Scorer } from '../scoring/scorer.js'
import { type BackendName, openBackend } from '../tensor/backend.js'
import { checkFinite, checkRows, NO_CONTEXT, type Rows } from '../tensor/rows.js'
import { tensor, tensor2d, tidy } from '../tensor/tfjs.js'
import { bijectorsOf, checkFlow, learnedShapes } from './flow-parts.js'
import { type FlowState, SCORED_IN } from './flow-state.js'

/** A fitted flow on TensorFlow.js: the reference for other engines, and the only one with the inverse, z → x. */
interface Flow extends Scorer {
  /** @returns x [count, dim] of the latent rows z [count, dim], in float64 */
  inverse(latent: Float64Array, context: Float32Array, count: number): Float64Array
}

/**
 * Opens a flow on a TensorFlow.js backend; `close` frees its tensors.
 *
 * A process computes on one backend at a time: opening a flow on the other one leaves this one unusable.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 * @throws {BackendUnavailable} when the wanted backend does not load
 */
export async function openFlow(state: FlowState, prefer: BackendName = 'wasm'): Promise<Flow> {
  const { dim, contextDim } = checkFlow(state).spec
  const base = baseOf(state)
  const backend = await openBackend(prefer)
  const tensors = new Map<string, Tensor>()
  for (const name of learnedShapes(state.spec).keys()) {
    const { data, shape } = state.weights.get(name)!
    tensors.set(name, tensor(data, [...shape]))
  }
  const bijector = chain(bijectorsOf(state.spec, tensors, state.weights))

  const coarse = (rows: Float32Array, context: Float32Array, count: number): Forward =>
    tidy(() => {
      const given = contextDim > 0 ? tensor2d(context, [count, contextDim]) : undefined
      const { value, logDet } = bijector.forwardAndLogDet(tensor2d(rows, [count, dim]), given)
      return { latent: value.dataSync<'float32'>().slice(), logDet: logDet.dataSync<'float32'>().slice() }
    })
  const asRows = (matrix: Float32Array, count: number, width: number): Rows => ({
    values: Float64Array.from(matrix),
    count,
    width,
  })
  const exact = async (rows: Float32Array, context: Float32Array, count: number): Promise<ExactForward> => {
    const given = contextDim > 0 ? asRows(context, count, contextDim) : undefined
    const { value, logDet } = bijector.forwardRows(asRows(rows, count, dim), given)
    return { latent: value.values, logDet }
  }
  const forward: Flow['forward'] = async (rows, context = NO_CONTEXT, count = rows.length / dim) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (count === 0) return NO_ROWS
    if (SCORED_IN[state.spec.kind] === 'float64') return rounded(await exact(rows, context, count), dim)
    return refineFarRows(coarse(rows, context, count), state.spec, rows, context, exact)
  }
  const inverse: Flow['inverse'] = (latent, context, count) => {
    checkRows(latent, dim, count, 'latent column')
    checkRows(context, contextDim, count, 'context column')
    const given = contextDim > 0 ? asRows(context, count, contextDim) : undefined
    return checkFinite(bijector.inverseAndLogDet({ values: latent, count, width: dim }, given).value.values, dim)
  }
  return {
    engine: `tfjs ${backend.name} ${backend.version}`,
    forward,
    inverse,
    nll: async (rows, context, count) => {
      const { latent, logDet } = await forward(rows, context, count)
      return nllOf(base, latent, logDet)
    },
    close: async () => {
      for (const held of tensors.values()) held.dispose()
      tensors.clear()
    },
  }
}
