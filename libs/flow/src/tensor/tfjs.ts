import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'

let loaded: typeof Core | undefined

/**
 * TensorFlow.js core without a backend. Loaded at the first call, because processes that only score do not need it, and loading takes
 * a sixth of a second in each thread. Loaded by `require`: its bundle is CommonJS, and `import` first scans the 1 MB file for its
 * exports, which takes longer than running it.
 */
function core(): typeof Core {
  loaded ??= createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof Core
  return loaded
}

type Operation = (...args: unknown[]) => unknown

const operation = <Name extends keyof typeof Core>(name: Name) =>
  ((...args: unknown[]) => (core()[name] as Operation)(...args)) as (typeof Core)[Name]

export const add = operation('add')
export const engine = operation('engine')
export const getBackend = operation('getBackend')
export const getKernel = operation('getKernel')
export const matMul = operation('matMul')
export const mul = operation('mul')
export const relu = operation('relu')
export const setBackend = operation('setBackend')
export const step = operation('step')
export const sum = operation('sum')
export const tidy = operation('tidy')

/** Runs a function within a `tidy` and returns its numbers. `tidy` would search a returned array for tensors, element by element. */
export function tidyNumbers<Numbers>(run: () => Numbers): Numbers {
  let numbers: Numbers | undefined
  tidy(() => {
    numbers = run()
  })
  return numbers!
}

export const coreVersion = () => core().version_core
