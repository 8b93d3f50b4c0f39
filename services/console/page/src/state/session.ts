import { computed, signal } from '@preact/signals'
import { type ApiError, read, setCsrfToken } from '../api/client.js'
import type { Pipeline, Role, Session } from '../api/types.js'
import { place } from './location.js'
import { asApiError } from './resource.js'

const ROLES: readonly Role[] = ['reader', 'analyst', 'operator']

/** Who looks at the page; null until the console has said so. */
export const session = signal<Session | null>(null)
export const pipelines = signal<readonly Pipeline[] | null>(null)
/** Why there is no session. */
export const sessionError = signal<ApiError | null>(null)

/** The pipeline that the page is about: the one in the URL, else the first; '' where there is none. */
export const currentPipeline = computed(
  () => new URLSearchParams(place.value.search).get('pipeline') || (pipelines.value?.[0]?.pipeline ?? ''),
)

/** Asks who looks and what there is to look at. */
export async function openSession(): Promise<void> {
  try {
    sessionError.value = null
    const found = await read<Session>('/session')
    setCsrfToken(found.csrfToken)
    pipelines.value = await read<readonly Pipeline[]>('/pipelines')
    session.value = found
  } catch (error: unknown) {
    session.value = null
    sessionError.value = asApiError(error)
  }
}

/** Whether the one who looks may do what takes this role. */
export const may = (role: Role): boolean =>
  session.value !== null && ROLES.indexOf(session.value.role) >= ROLES.indexOf(role)
