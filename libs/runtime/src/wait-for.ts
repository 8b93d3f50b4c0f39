import { pause } from './backoff.js'

/**
 * Repeats a look until it finds something.
 *
 * @param look    gives null while there is nothing
 * @param everyMs  pause between two looks
 * @throws what `look` threw, and the signal's reason when it aborts
 */
export async function waitFor<T>(
  look: () => Promise<T | null> | T | null,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    const found = await look()
    if (found !== null) return found
    await pause(everyMs, signal)
  }
}
