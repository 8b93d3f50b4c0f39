import { setMaxListeners } from 'node:events'

/**
 * Runs several tasks until the signal aborts. When one of them fails, the others are drained.
 *
 * @throws the error of the first task that failed, once all have ended
 */
export async function runTogether(
  runs: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const abort = new AbortController()
  const failures: unknown[] = []
  const all = AbortSignal.any([signal, abort.signal])
  // Each run listens to it, often at several places. Node.js would report the 11th listener as a leak, in plain text.
  setMaxListeners(0, all)
  await Promise.all(
    runs.map(async (run) => {
      try {
        await run(all)
      } catch (error: unknown) {
        failures.push(error)
        abort.abort(error)
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}
