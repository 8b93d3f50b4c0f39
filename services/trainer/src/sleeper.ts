import { pause } from '@outflow/runtime'

/** Waiting that a ring may cut short. */
export interface Sleeper {
  /** Ends the wait under way, or the next one that can be woken. */
  wake(): void
  /** Resolves when the time is up or the signal aborts. */
  sleep(ms: number): Promise<void>
  /** The same, or when it is rung. */
  sleepUntilWoken(ms: number): Promise<void>
}

export function makeSleeper(signal: AbortSignal): Sleeper {
  let bell = new AbortController()
  return {
    wake: () => bell.abort(),
    sleep: (ms) => pause(ms, signal),
    sleepUntilWoken: async (ms) => {
      await pause(ms, AbortSignal.any([signal, bell.signal]))
      bell = new AbortController()
    },
  }
}
