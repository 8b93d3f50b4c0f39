import { isRetryable, type OutflowError } from '@outflow/errors'
import { backoffMs } from '@outflow/runtime'
import { fromEvent, type MonoTypeOperatorFunction, race, retry, throwError, timer } from 'rxjs'

/**
 * Repeats an effect, waiting longer each time, while what it throws may pass and the signal has not aborted.
 *
 * @param onRetry  called before each wait, for the log
 */
export function retryWhileAway<T>(
  signal: AbortSignal,
  onRetry: (error: OutflowError, attempt: number, waitMs: number) => void,
): MonoTypeOperatorFunction<T> {
  return retry({
    delay: (error: unknown, attempt) => {
      if (!isRetryable(error) || signal.aborted) return throwError(() => error)
      const waitMs = backoffMs(attempt)
      onRetry(error as OutflowError, attempt, waitMs)
      return race(timer(waitMs), fromEvent(signal, 'abort'))
    },
  })
}
