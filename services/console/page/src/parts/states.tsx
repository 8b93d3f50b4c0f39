import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api/client.js'
import type { Resource } from '../state/resource.js'

/** Shown while a request is running. */
export function Loading({ what }: { what: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> Reading {what} …
    </p>
  )
}

/** An empty state, with what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children !== undefined && <div class="quiet">{children}</div>}
    </div>
  )
}

/** An error: its message, and what to do. */
export function Failure({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  return (
    <div class="state failure" role="alert">
      <p class="state-title">{error.title}</p>
      <p class="quiet">{error.detail || 'See the log of the console.'}</p>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Shows the data, with a notice when it may be outdated; before the first answer, the state of the request. */
export function Shown<T>({
  of,
  what,
  children,
}: {
  of: Resource<T>
  what: string
  children: (data: T) => ComponentChildren
}) {
  if (of.data === null)
    return of.error === null ? <Loading what={what} /> : <Failure error={of.error} onRetry={of.reload} />
  return (
    <div>
      {of.error !== null && (
        <p class="stale" role="alert">
          What you see is as it was. {of.error.message}{' '}
          <button type="button" class="link" onClick={of.reload}>
            Try again
          </button>
        </p>
      )}
      {children(of.data)}
    </div>
  )
}
