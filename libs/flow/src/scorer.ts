import type { FlowState } from './flow-state.js'

/** Rows in, negative log-likelihoods out. */
export interface Scorer {
  /** Name and version of what computes, for log lines and metadata. */
  readonly engine: string
  /**
   * Negative log-likelihood of each row.
   *
   * @param rows     [count, dim], row-major
   * @param context  [count, contextDim], row-major; empty for an unconditional flow
   * @returns [count], nats
   */
  nll(rows: Float32Array, context: Float32Array, count: number): Promise<Float64Array>
  /** z of each row: [count, dim], standard normal where the flow fits. */
  latent(rows: Float32Array, context: Float32Array, count: number): Promise<Float32Array>
  close(): Promise<void>
}

export function openScorer(_flow: FlowState): Promise<Scorer> {
  throw new Error('being written')
}
