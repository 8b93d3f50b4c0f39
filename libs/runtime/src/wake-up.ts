import { once } from 'node:events'
import { pause } from '@outflow/errors/retrying'

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
      const ended = AbortSignal.any([signal, woken.signal])
      if (timeoutMs !== undefined) await pause(timeoutMs, ended)
      else if (!ended.aborted) await once(ended, 'abort')
      if (woken.signal.aborted) woken = new AbortController()
    },
  }
}
