import type { Tensor } from '@tensorflow/tfjs-core'
import { nllOf } from '../base/base-distribution.js'
import { baseOf } from '../base/bases.js'
import { chain } from '../bijectors/chain.js'
import { refinedScorer, type Scorer } from '../scoring/refined-scorer.js'
import { type BackendName, openBackend } from '../tensor/backend.js'
import { checkFinite, checkRows, type Numbers, type Rows } from '../tensor/rows.js'
import { tensor, tensor2d, tidyNumbers } from '../tensor/tfjs.js'
import { bijectorsOf, checkFlow, learnedShapes } from './flow-parts.js'
import type { FlowState } from './flow-state.js'

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

  const asRows = (matrix: Float32Array, count: number, width: number): Rows => ({
    values: Float64Array.from(matrix),
    count,
    width,
  })
  const evaluated = <Latent extends Numbers>(latent: Latent, logDet: Latent) => ({
    ...{ latent, logDet },
    nll: nllOf(base, latent, logDet),
  })
  const { nll, forward } = refinedScorer(
    state.spec,
    async (rows, context, count) =>
      tidyNumbers(() => {
        const given = contextDim > 0 ? tensor2d(context, [count, contextDim]) : undefined
        const { value, logDet } = bijector.forwardAndLogDet(tensor2d(rows, [count, dim]), given)
        return evaluated(value.dataSync<'float32'>().slice(), logDet.dataSync<'float32'>().slice())
      }),
    async (rows, context, count) => {
      const given = contextDim > 0 ? asRows(context, count, contextDim) : undefined
      const { value, logDet } = bijector.forwardRows(asRows(rows, count, dim), given)
      return evaluated(value.values, logDet)
    },
  )
  const inverse: Flow['inverse'] = (latent, context, count) => {
    checkRows(latent, dim, count, 'latent column')
    checkRows(context, contextDim, count, 'context column')
    const given = contextDim > 0 ? asRows(context, count, contextDim) : undefined
    return checkFinite(bijector.inverseAndLogDet({ values: latent, count, width: dim }, given).value.values, dim)
  }
  return {
    engine: `tfjs ${backend.name} ${backend.version}`,
    nll,
    forward,
    inverse,
    close: async () => {
      for (const held of tensors.values()) held.dispose()
      tensors.clear()
    },
  }
}
