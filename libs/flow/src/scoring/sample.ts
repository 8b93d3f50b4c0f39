import { baseOf } from '../base/bases.js'
import { ShapeError } from '../errors.js'
import { checkFlow } from '../flows/flow-parts.js'
import type { FlowState } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { keepBackend } from '../tensor/backend.js'
import { checkFinite, checkRows, NO_CONTEXT } from '../tensor/rows.js'
import { trainableFlow } from '../training/trainable-flow.js'

export interface SampleOptions {
  /** [count, contextDim], row-major. Default: empty, for an unconditional flow. */
  readonly context?: Float32Array
  readonly count: number
  /** Whole number; the same seed gives the same rows. Default 1. */
  readonly seed?: number
  /**
   * Factor on z (on a mixture: on the distance from the component's mean). Below 1, rows are more typical and less varied, and no
   * longer follow the flow's distribution. Default 1.
   */
  readonly temperature?: number
}

/**
 * Draws rows from a flow: x = f⁻¹(z; context), z from the flow's base.
 *
 * @returns [count, dim], row-major, standardised as the training rows were
 * @throws {ShapeError} when the weights do not fit the spec, the count is not a whole number, the context is not [count, contextDim], or the
 *   temperature is not above 0
 * @throws {BackendUnavailable} when no backend is open and wasm does not start
 * @throws {NotFiniteError} naming the first row that exceeds the range of float32
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039, section 6, for the temperature
 */
export async function sampleFlow(state: FlowState, options: SampleOptions): Promise<Float32Array> {
  const { context = NO_CONTEXT, count, seed = 1, temperature = 1 } = options
  if (!(temperature > 0)) throw new ShapeError(`a temperature is above 0, got ${temperature}`)
  const { dim, contextDim } = checkFlow(state).spec
  checkRows(context, contextDim, count, 'context column')
  const latent = baseOf(state).draw(seededRandom(seed, 'sample'), count, temperature)
  await keepBackend()
  return checkFinite(Float32Array.from(trainableFlow(state).inverse(latent, context).value), dim)
}
