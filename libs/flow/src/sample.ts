import type { FlowState } from './flow-state.js'

export interface SampleOptions {
  /** [count, contextDim], row-major; empty for an unconditional flow */
  readonly context: Float32Array
  readonly count: number
  readonly seed: number
}

export function sampleFlow(_flow: FlowState, _options: SampleOptions): Promise<Float32Array> {
  throw new Error('being written')
}
