/** The two TensorFlow.js backends that a flow is fitted on. */
export type BackendName = 'tfjs-node' | 'wasm'

/** The backend that this process computes with. */
export interface Backend {
  readonly name: BackendName
  readonly version: string
  /** Why tfjs-node is not used, where wasm stepped in for it. */
  readonly insteadOf?: string
}

export function openBackend(_prefer?: BackendName): Promise<Backend> {
  throw new Error('being written')
}
