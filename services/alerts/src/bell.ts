/** Wakes the relay. A ring while nobody waits is kept for the next who does: no work is slept over. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, at once for one that was kept, or when the signal aborts. */
  rung(signal: AbortSignal): Promise<void>
}

export function makeBell(): Bell {
  let kept = false
  let wake: (() => void) | null = null
  return {
    ring: () => {
      if (wake === null) kept = true
      else wake()
    },
    rung: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done)
          wake = null
          resolve()
        }
        if (kept || signal.aborted) {
          kept = false
          resolve()
          return
        }
        wake = done
        signal.addEventListener('abort', done, { once: true })
      }),
  }
}
