import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'

/**
 * TensorFlow.js without a backend, by `require`: an `import` of its bundle, which is CommonJS, first reads a megabyte by a lexer in
 * JavaScript to find out what it exports, and that takes longer than to run it, in every process and thread.
 */
const core: typeof Core = createRequire(import.meta.url)('@tensorflow/tfjs-core')

export const {
  _FusedMatMul,
  BatchMatMul,
  engine,
  getBackend,
  getKernel,
  Multiply,
  Step,
  setBackend,
  Transpose,
  tensor,
  tensor2d,
  tidy,
  version_core,
  zeros,
} = core
