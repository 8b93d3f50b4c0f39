import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'

/**
 * TensorFlow.js core without a backend, loaded by `require`. Its bundle is CommonJS; `import` first scans the 1 MB file for its
 * exports, which takes longer than running it.
 */
const core: typeof Core = createRequire(import.meta.url)('@tensorflow/tfjs-core')

export const {
  _FusedMatMul,
  add,
  BatchMatMul,
  engine,
  getBackend,
  getKernel,
  Multiply,
  matMul,
  mul,
  relu,
  Step,
  setBackend,
  step,
  sum,
  Transpose,
  tensor,
  tensor2d,
  tidy,
  version_core,
  zeros,
} = core
