import { beforeAll, describe, it } from 'vitest'
import { type BackendName, openBackend } from './backend.js'

/** Runs tests on every backend that loads; the others are skipped by name, with the reason. */
export async function onEachBackend(subject: string, tests: (backend: BackendName) => void): Promise<void> {
  for (const backend of ['wasm', 'tfjs-node'] as const) {
    const problem = await openBackend(backend).then(
      () => undefined,
      (error: Error) => error.message,
    )
    describe(`${subject}, on ${backend}`, () => {
      if (problem !== undefined) {
        it('loads', ({ skip }) => skip(problem))
        return
      }
      // Other tests of the same file may have opened the other backend.
      beforeAll(async () => {
        await openBackend(backend)
      })
      tests(backend)
    })
  }
}
