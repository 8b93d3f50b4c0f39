import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Query, queryString, read } from '../api/client.js'

/** Data that is read from the API; it may be loading or have failed. */
export interface Resource<T> {
  /** The last answer; null before the first. */
  readonly data: T | null
  readonly error: ApiError | null
  /** The one for which they were read. */
  readonly key: string | null
  readonly reload: () => void
}

/** Far longer than an answer takes: a request whose connection was lost may have none. */
const LOST_AFTER_MS = 30_000

/**
 * Reads data now and whenever `key` changes; the earlier data remains until the new answer arrives, and only that of the same key if it is an
 * error.
 *
 * @param key    identifies everything that `load` depends on; null reads nothing
 * @param everyMs  interval of reading again while the page is visible and no answer is awaited; default: never. After an
 *   error with a Retry-After, its time is the interval
 */
export function useResource<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): Resource<T> {
  const [answer, setAnswer] = useState<Omit<Resource<T>, 'reload'>>({ key, data: null, error: null })
  const [round, setRound] = useState(0)
  const latestLoad = useRef(load)
  latestLoad.current = load
  /** Start of the request that has no answer yet. */
  const startedAtMs = useRef(-Infinity)

  useEffect(() => {
    if (key === null) return
    const abort = new AbortController()
    startedAtMs.current = performance.now()
    const settle = (next: (before: typeof answer) => typeof answer) => {
      if (abort.signal.aborted) return
      startedAtMs.current = -Infinity
      setAnswer(next)
    }
    latestLoad.current(abort.signal).then(
      (data) => settle(() => ({ key, data, error: null })),
      (error) => settle(({ key: of, data }) => ({ key, data: of === key ? data : null, error: asApiError(error) })),
    )
    return () => abort.abort()
  }, [key, round])

  const againMs = answer.error?.retryAfterMs ?? everyMs
  useEffect(() => {
    if (againMs === undefined) return
    const timer = setInterval(() => {
      const isAwaited = performance.now() - startedAtMs.current < LOST_AFTER_MS
      if (!document.hidden && !isAwaited) setRound((before) => before + 1)
    }, againMs)
    return () => clearInterval(timer)
  }, [againMs])

  return { ...answer, reload: () => setRound((before) => before + 1) }
}

/** Repeats a request after the Retry-After of its error, while the page is visible. */
export function useRetry(error: ApiError | null, again: () => void): void {
  useEffect(() => {
    if (error === null || error.retryAfterMs === null) return
    const timer = setInterval(() => document.hidden || again(), error.retryAfterMs)
    return () => clearInterval(timer)
  }, [error])
}

/** Reads `/api` + path, and again as `useResource` does. @param path  null reads nothing */
export function useRead<T>(path: string | null, query: Query = {}, everyMs?: number): Resource<T> {
  const url = path === null ? null : path + queryString(query)
  return useResource(url, (signal) => read<T>(url!, {}, signal), everyMs)
}

/** An error that is not an answer of the API is a defect of the page: it is shown, not hidden. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(0, 'The page could not read the answer', error instanceof Error ? error.message : String(error))
}
