import { vi } from 'vitest'

// A module may have been loaded before by another file of the process, and a replaced one would stay replaced.
vi.mock = () => {
  throw new Error('vi.mock: name a test file that replaces modules *.mocked.test.ts; it has a process of its own')
}
