import { once, setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a time, or until the signal aborts; never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  // Many tasks wait on the signal of their service. Node.js would report the 11th listener as a leak, in plain text.
  if (signal !== undefined) setMaxListeners(0, signal)
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined)
}

/** Wakes one waiting task. A wake-up without a waiting task ends the next wait at once. */
export interface WakeUp {
  wake(): void
  /** Resolves at the next wake-up, after `timeoutMs` (default: never), or when the signal aborts. */
  wait(signal: AbortSignal, timeoutMs?: number): Promise<void>
}

export function makeWakeUp(): WakeUp {
  let woken = new AbortController()
  return {
    wake: () => woken.abort(),
    wait: async (signal, timeoutMs) => {
      // Not by AbortSignal.any: Node.js 20 and 22 keep what it returns for as long as `signal`.
      const end = () => woken.abort()
      if (signal.aborted) end()
      signal.addEventListener('abort', end)
      if (timeoutMs !== undefined) await pause(timeoutMs, woken.signal)
      else if (!woken.signal.aborted) await once(woken.signal, 'abort')
      signal.removeEventListener('abort', end)
      if (woken.signal.aborted) woken = new AbortController()
    },
  }
}
