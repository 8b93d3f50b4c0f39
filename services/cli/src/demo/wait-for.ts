import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until the answer is there.
 *
 * @param look   gives null while there is none
 * @param pause  ms between two questions
 * @throws the signal's reason when it aborts
 */
export async function waitFor<T>(look: () => Promise<T | null>, pause: number, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    const found = await look()
    if (found !== null) return found
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}
