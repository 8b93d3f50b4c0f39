import type { FlowState } from './flow-state.js'

export function toOnnx(_flow: FlowState): Uint8Array {
  throw new Error('being written')
}
