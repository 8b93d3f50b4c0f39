import { openFlow } from './flow.js'
import type { FlowState } from './flow-state.js'
import { seededRandom } from './random.js'

export interface SampleOptions {
  /** [count, contextDim], row-major; empty for an unconditional flow */
  readonly context: Float32Array
  readonly count: number
  /** Whole number; the same seed gives the same rows. */
  readonly seed: number
}

/**
 * Draws rows from a flow: x = f⁻¹(z; context), z standard normal.
 *
 * @returns [count, dim], row-major, standardised as the training rows were
 * @throws {ShapeError} when the context is not [count, contextDim]
 */
export async function sampleFlow(state: FlowState, { context, count, seed }: SampleOptions): Promise<Float32Array> {
  const random = seededRandom(seed, 'sample')
  const latent = Float64Array.from({ length: count * state.spec.dim }, () => random.normal())
  const flow = await openFlow(state)
  try {
    return Float32Array.from(flow.inverse(latent, context, count))
  } finally {
    await flow.close()
  }
}
