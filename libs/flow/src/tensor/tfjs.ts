import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'

let loaded: typeof Core | undefined

/**
 * TensorFlow.js core without a backend. Loaded at the first call, because processes that only score do not need it, and loading takes
 * a sixth of a second in each thread. Loaded by `require`: its bundle is CommonJS, and `import` first scans the 1 MB file for its
 * exports, which takes longer than running it.
 */
export function core(): typeof Core {
  loaded ??= createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof Core
  return loaded
}

/** Runs a function within a `tidy` and returns its numbers. `tidy` would search a returned array for tensors, element by element. */
export function tidyNumbers<Numbers>(run: () => Numbers): Numbers {
  let numbers: Numbers | undefined
  core().tidy(() => {
    numbers = run()
  })
  return numbers!
}
