import fc from 'fast-check'
import { vi } from 'vitest'

// The cases of a property are the same in every run, so that a failure is reproducible. A property may set its own seed.
fc.configureGlobal({ seed: 1 })

// On a shared machine, the default of one second is too short.
const WITHIN = { timeout: 20_000 }
const { waitFor, waitUntil } = vi
vi.waitFor = (act, options = WITHIN) => waitFor(act, options)
vi.waitUntil = (act, options = WITHIN) => waitUntil(act, options)
