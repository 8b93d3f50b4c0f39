import { beforeAll, describe, it } from 'vitest'
import { type BackendName, openBackend } from './backend.js'

/** Runs tests once on every backend that loads here; one that does not is skipped by name, with the reason. */
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
      // Another subject of the same file may have opened the other one meanwhile.
      beforeAll(async () => {
        await openBackend(backend)
      })
      tests(backend)
    })
  }
}
