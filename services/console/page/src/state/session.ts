import { includesRole, type Role } from '@outflow/contracts/role'
import { computed, signal } from '@preact/signals'
import { type ApiError, type Query, queryString, read, setLoggedOutHandler, write } from '../api/client.js'
import type { Pipeline, Session } from '../api/types.js'
import { parseSpan, spanParams } from './filters.js'
import { place } from './location.js'
import { notify } from './notices.js'
import { pipelineAt } from './pipeline-at.js'
import { asApiError } from './resource.js'

/** The user; null until the console has answered. */
export const session = signal<Session | null>(null)
export const pipelines = signal<readonly Pipeline[] | null>(null)
/** Why there is no session. */
export const sessionError = signal<ApiError | null>(null)

/** The current pipeline of the page; '' where there is none. */
export const currentPipeline = computed(() => pipelineAt(place.value, pipelines.value ?? []))

/** Whether the current pipeline is that of the console's configuration. */
export const isOwnPipeline = computed(
  () => pipelines.value?.find(({ pipeline }) => pipeline === currentPipeline.value)?.isOwn ?? false,
)

/** A path of the page with the current pipeline and these parameters. */
export const withPipeline = (path: string, query: Query = {}): string =>
  path + queryString({ pipeline: currentPipeline.value, ...query })

/** A page of the navigation with the current pipeline and, where it has a time axis, the current span. */
export function withSpan(path: string): string {
  const span = SPANNED.includes(path) ? spanParams(parseSpan(new URLSearchParams(place.value.search))) : {}
  return withPipeline(path, span)
}

const SPANNED = ['/', '/scores']

/** Reads the session and the pipelines. */
export async function openSession(): Promise<void> {
  try {
    const found = await read<Session>('/session')
    await readPipelines()
    session.value = found
    sessionError.value = null
  } catch (error: unknown) {
    session.value = null
    sessionError.value = asApiError(error)
  }
}

export async function readPipelines(): Promise<void> {
  pipelines.value = await read<readonly Pipeline[]>('/pipelines')
}

/** Ends a session that began with a login; shows a notice if it fails. */
export async function closeSession(): Promise<void> {
  try {
    await write('DELETE', '/session')
  } catch (error: unknown) {
    // Otherwise the session had ended before.
    if (session.value !== null) notify('failed', `You are still logged in. ${asApiError(error).message}`)
    return
  }
  await openSession()
}

setLoggedOutHandler((error) => {
  // The error of a mistyped token is shown at its input.
  if (session.value === null && sessionError.value?.status === 401) return
  session.value = null
  sessionError.value = error
})

/** Whether the user has at least this role. */
export const may = (role: Role): boolean => session.value !== null && includesRole(session.value.role, role)
