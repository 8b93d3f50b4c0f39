import type { Problem } from './types.js'

/** Errors that the page shows when the console is unreachable or rejects a request. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 if no answer came. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** With 401: the configured ways to log in. */
    readonly logins: Problem['logins'] = [],
    /** Time after which the server accepts the request again, ms; null: unknown, or the same request would fail again. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${title}: ${detail}`)
  }
}

let onLoggedOut: (error: ApiError) => void = () => {}

/** Sets the action for answers that require a login. */
export function setLoggedOutHandler(handler: (error: ApiError) => void): void {
  onLoggedOut = handler
}

/** Milliseconds by which the server's clock is ahead of the browser's, by the last answer. */
let aheadMs = 0

/** The server's time, epoch ms, to about a second: the browser's clock may be wrong. */
export const serverNow = (): number => Date.now() + aheadMs

export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>

/** Reads `/api` + path. @throws {ApiError} when there is no answer, or the status is an error */
export function read<T>(path: string, query: Query = {}, signal: AbortSignal | null = null): Promise<T> {
  return request<T>(path + queryString(query), { signal })
}

/** Writes to `/api` + path. @throws {ApiError} when there is no answer, or the status is an error */
export function write<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  if (body === undefined) return request<T>(path, { method })
  return request<T>(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

/** Returns the parameters that have a value. */
export const given = (query: Query): Query =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ''))

/** Returns the parameters that have a value as `?a=1&b=2`, in the given order, a list as several; '' where none has. */
export function queryString(query: Query): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(given(query)))
    for (const item of [value].flat()) params.append(name, String(item))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

async function request<T>(path: string, options: RequestInit): Promise<T> {
  const response = await fetch(`/api${path}`, options).catch((error: unknown) => {
    if (options.signal?.aborted) throw error
    throw new ApiError(
      0,
      'The console does not answer',
      'Is `outflow run console` still running, and this machine online?',
    )
  })
  const date = response.headers.get('date')
  if (date !== null) aheadMs = Date.parse(date) - Date.now()
  if (!response.ok) {
    const error = await apiErrorOf(response)
    if (error.status === 401) onLoggedOut(error)
    throw error
  }
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** The problem of RFC 9457, else a text for the status. */
async function apiErrorOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null
  const title = problem?.title ?? `HTTP ${response.status} ${response.statusText}`.trim()
  // A proxy may send a date instead of seconds: the page then has no time to retry.
  const retryAfterMs = 1_000 * Number(response.headers.get('retry-after')) || null
  return new ApiError(response.status, title, problem?.detail ?? '', problem?.logins, retryAfterMs)
}
