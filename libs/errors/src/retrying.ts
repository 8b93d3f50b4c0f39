import { isRetryable, type OutflowError, toOutflowError } from './outflow-error.js'
import { pause } from './waiting.js'

export { makeWakeUp, pause, type WakeUp } from './waiting.js'

interface Backoff {
  /** Wait before the second attempt, ms. Default 100. */
  readonly firstMs?: number
  /** The longest wait, ms. Default 5,000: a service recovers within seconds after its database. */
  readonly maxMs?: number
}

/**
 * How long to wait before the next attempt, ms: `½ d + ½ d·u`, where u is random and d doubles from `firstMs` up to `maxMs`, so that
 * instances that failed together do not retry together.
 *
 * @param attempt  attempts made so far, from 1
 */
export function backoffMs(attempt: number, { firstMs = 100, maxMs = 5_000 }: Backoff = {}): number {
  const full = Math.min(maxMs, firstMs * 2 ** (attempt - 1))
  return Math.round(full / 2 + (full / 2) * Math.random())
}

/** Whether an attempt is one of 1, 2, 4, 8, …: those are logged, so that a failure that lasts for hours does not fill the log. */
export const isPowerOfTwo = (attempt: number): boolean => Number.isInteger(Math.log2(attempt))

/** Counts failed attempts by the code of their errors: with one count, the log of a long outage would lack an error that began during it. */
export function countAttempts() {
  const counts = new Map<string, number>()
  return {
    /** Returns how many attempts have failed with this code, with this one. */
    failed: ({ code }: Pick<OutflowError, 'code'>): number => {
      const count = (counts.get(code) ?? 0) + 1
      counts.set(code, count)
      return count
    },
    reset: (): void => counts.clear(),
  }
}

interface RetryOptions extends Backoff {
  readonly signal: AbortSignal
  /** Called before each wait, for the log; `attempt` is by `countAttempts`. */
  readonly onRetry?: (error: OutflowError, attempt: number, waitMs: number) => void
}

/**
 * Repeats an operation until it succeeds, with growing waits, as long as its errors are retryable.
 *
 * @throws the error of `operation` when it is not retryable or the signal has aborted
 */
export async function retrying<T>(
  operation: () => Promise<T>,
  { signal, onRetry, ...backoff }: RetryOptions,
): Promise<T> {
  const attempts = countAttempts()
  for (let failures = 1; ; failures += 1) {
    try {
      return await operation()
    } catch (error: unknown) {
      if (!isRetryable(error) || signal.aborted) throw error
      const waitMs = backoffMs(failures, backoff)
      onRetry?.(error as OutflowError, attempts.failed(error as OutflowError), waitMs)
      await pause(waitMs, signal)
      if (signal.aborted) throw error
    }
  }
}

interface KeepTryingOptions extends Required<Pick<RetryOptions, 'signal' | 'onRetry'>> {
  /** The waits after an error; default: those of `Backoff`. */
  readonly backoffOf?: (error: unknown) => Backoff
}

/**
 * Runs a long task repeatedly until the signal aborts; each error is reported, and the wait before the next run grows.
 *
 * @param task  calls `progressed` when it makes progress, which resets the wait and the attempts
 */
export async function keepTrying(
  task: (progressed: () => void) => Promise<unknown>,
  { signal, onRetry, backoffOf = () => ({}) }: KeepTryingOptions,
): Promise<void> {
  let failures = 0
  const attempts = countAttempts()
  while (!signal.aborted) {
    try {
      await task(() => {
        failures = 0
        attempts.reset()
      })
    } catch (thrown: unknown) {
      if (signal.aborted) break
      failures += 1
      const error = toOutflowError(thrown)
      const waitMs = backoffMs(failures, backoffOf(thrown))
      onRetry(error, attempts.failed(error), waitMs)
      await pause(waitMs, signal)
    }
  }
}

/**
 * Waits until all dependencies of a service answer, one after the other. A probe is retried while its dependency is down, but not
 * after a refused login or certificate, which would be refused again. An error that repeats is reported once.
 *
 * @throws the error of a probe that is not retryable, unless the signal has aborted
 */
export async function untilAllAnswer(
  probes: readonly (() => Promise<unknown>)[],
  options: RetryOptions,
): Promise<void> {
  let reported: string | undefined
  const onRetry: RetryOptions['onRetry'] = (error, ...attempt) => {
    if (error.message === reported) return
    reported = error.message
    options.onRetry?.(error, ...attempt)
  }
  try {
    for (const probe of probes) await retrying(probe, { ...options, onRetry })
  } catch (error: unknown) {
    if (!options.signal.aborted) throw error
  }
}
