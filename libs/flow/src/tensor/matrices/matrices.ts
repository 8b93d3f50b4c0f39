import { REGISTERED_AS } from '../backend.js'
import { core } from '../tfjs.js'
import { type Matrices, plainMatrices } from './matrix-operations.js'
import { nativeMatrices } from './native.js'
import { wasmMatrices } from './wasm.js'

/** The version of tfjs for which `wasm.ts` and `native.ts` were written; package.json pins it, and tfjs-node uses a tfjs-core of its version. */
const TESTED_VERSION = '4.22.0'

/**
 * The operations for the open backend. In the tested tfjs they call its kernels directly, which makes a dense layer with its gradient
 * 3 to 8 times as fast; in another one they are tfjs's public operations.
 */
export function matrices(version = core().version_core): Matrices {
  if (version !== TESTED_VERSION) return plainMatrices
  return core().getBackend() === REGISTERED_AS.wasm ? wasmMatrices : nativeMatrices
}
