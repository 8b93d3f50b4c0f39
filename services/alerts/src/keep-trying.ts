import { type OutflowError, toOutflowError } from '@outflow/errors'
import { backoffMs, pause } from '@outflow/runtime'

/**
 * Runs a long task again and again until the signal aborts; errors are reported, and the next run waits longer after each.
 *
 * @param act  is handed what it calls when it gets on: the next wait is a short one again
 */
export async function keepTrying(
  act: (gotOn: () => void) => Promise<unknown>,
  {
    signal,
    onRetry,
  }: {
    readonly signal: AbortSignal
    readonly onRetry: (error: OutflowError, attempt: number, waitMs: number) => void
  },
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await act(() => {
        failures = 0
      })
    } catch (thrown: unknown) {
      if (signal.aborted) break
      failures += 1
      const waitMs = backoffMs(failures)
      onRetry(toOutflowError(thrown), failures, waitMs)
      await pause(waitMs, signal)
    }
  }
}
