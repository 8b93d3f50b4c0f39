import fc from 'fast-check'
import { vi } from 'vitest'

// The cases of a property are the same in every run, so that a failure is reproducible. A property may set its own seed.
fc.configureGlobal({ seed: 1 })

// The files share a process, in which a module may have been loaded before, and a replaced one would stay replaced.
vi.mock = () => {
  throw new Error('vi.mock: name a test file that replaces modules *.mocked.test.ts; it has a process of its own')
}
