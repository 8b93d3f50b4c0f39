import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable, type OutflowError, toOutflowError } from '@outflow/errors'

export interface Backoff {
  /** Wait before the second attempt, ms. Default 100. */
  readonly firstMs?: number
  /** The longest wait, ms. Default 5,000: a service is back within seconds of its database. */
  readonly maxMs?: number
  /** In [0, 1). Default Math.random: waits differ between instances and are no part of any result. */
  readonly random?: () => number
}

/**
 * How long to wait before the next attempt, ms: `½ d + ½ d·u`, where d doubles from `firstMs` up to `maxMs`, so that
 * instances which failed together do not come back together.
 *
 * @param attempt  attempts made so far, from 1
 */
export function backoffMs(
  attempt: number,
  { firstMs = 100, maxMs = 5_000, random = Math.random }: Backoff = {},
): number {
  const full = Math.min(maxMs, firstMs * 2 ** (attempt - 1))
  return Math.round(full / 2 + (full / 2) * random())
}

export interface RetryOptions extends Backoff {
  readonly signal: AbortSignal
  /** Called before each wait, for the log. */
  readonly onRetry?: (error: OutflowError, attempt: number, waitMs: number) => void
}

/**
 * Repeats an act until it succeeds, waiting longer each time, for as long as what it throws is retryable.
 *
 * @throws what `act` threw, when that is not retryable or the signal has aborted
 */
export async function retrying<T>(act: () => Promise<T>, { signal, onRetry, ...backoff }: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act()
    } catch (error: unknown) {
      if (!isRetryable(error) || signal.aborted) throw error
      const waitMs = backoffMs(attempt, backoff)
      onRetry?.(error as OutflowError, attempt, waitMs)
      await pause(waitMs, signal)
      if (signal.aborted) throw error
    }
  }
}

/**
 * Runs a long task again and again until the signal aborts; errors are reported, and the next run waits longer after each.
 *
 * @param act              is handed what it calls when it makes progress: the next wait is a short one again
 * @param options.backoffOf  the waits after an error; default: those of `Backoff`
 */
export async function keepTrying(
  act: (progressed: () => void) => Promise<unknown>,
  {
    signal,
    onRetry,
    backoffOf = () => ({}),
  }: {
    readonly signal: AbortSignal
    readonly onRetry: (error: OutflowError, attempt: number, waitMs: number) => void
    readonly backoffOf?: (error: unknown) => Backoff
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
      const waitMs = backoffMs(failures, backoffOf(thrown))
      onRetry(toOutflowError(thrown), failures, waitMs)
      await pause(waitMs, signal)
    }
  }
}

/**
 * Waits until what a service leans on answers, one after the other. Who is away is waited for; a login or a certificate
 * that is refused will be refused again.
 *
 * @throws what an `ask` threw that is not retryable, unless the signal has aborted
 */
export async function untilAllAnswer(asks: readonly (() => Promise<unknown>)[], options: RetryOptions): Promise<void> {
  try {
    for (const ask of asks) await retrying(ask, options)
  } catch (error: unknown) {
    if (!options.signal.aborted) throw error
  }
}

/** Waits, or less when the signal aborts; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
