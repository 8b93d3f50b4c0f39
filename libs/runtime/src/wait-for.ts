import { pause } from '@outflow/errors/retrying'

/**
 * Calls a function repeatedly until it returns a value.
 *
 * @param poll     returns null while there is no value
 * @param everyMs  pause between two calls
 * @throws the error of `poll`, and the signal's reason when it aborts
 */
export async function waitFor<T>(
  poll: () => Promise<T | null> | T | null,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    const found = await poll()
    if (found !== null) return found
    await pause(everyMs, signal)
  }
}
