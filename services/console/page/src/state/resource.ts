import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api/client.js'

/** Something that is read from the API, and may be on its way or have failed. */
export interface Resource<T> {
  /** What was read last; null before the first answer. */
  readonly data: T | null
  readonly error: ApiError | null
  readonly isLoading: boolean
  readonly reload: () => void
}

/**
 * Reads something now and whenever `key` changes; what was read before stays until the new answer is there.
 *
 * @param key    names all that `load` depends on; null reads nothing
 * @param everyMs  reads it again so often while the page is in view; default: never
 */
export function useResource<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): Resource<T> {
  const [state, setState] = useState<{ data: T | null; error: ApiError | null; isLoading: boolean }>({
    data: null,
    error: null,
    isLoading: key !== null,
  })
  const [round, setRound] = useState(0)
  const latestLoad = useRef(load)
  latestLoad.current = load

  useEffect(() => {
    if (key === null) return
    const abort = new AbortController()
    setState((before) => ({ ...before, isLoading: true }))
    latestLoad.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: null, isLoading: false })
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState((before) => ({ ...before, error: asApiError(error), isLoading: false }))
      },
    )
    return () => abort.abort()
  }, [key, round])

  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => {
      if (!document.hidden) setRound((before) => before + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])

  return { ...state, reload: () => setRound((before) => before + 1) }
}

/** An error that is not an answer of the API is a fault of the page: it is shown, not hidden. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(0, 'The page could not read the answer', error instanceof Error ? error.message : String(error))
}
