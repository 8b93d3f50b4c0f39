import { createHmac, randomBytes } from 'node:crypto'
import type { ConsoleConfig } from '@outflow/contracts'
import { ROLES } from '@outflow/contracts/role'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Session } from '../api/index.js'
import { ownerOf } from './users.js'

export const SESSION_COOKIE = 'outflow_session'
export const LOGIN_COOKIE = 'outflow_login'

/** A working day; after that the user logs in again, and roles are read from the provider again. */
export const SESSION_SECONDS = 8 * 3_600
/** Time for the provider's login page. */
export const LOGIN_SECONDS = 10 * 60

/** State of a login in progress, which the browser keeps. */
const attemptSchema = z.object({ verifier: z.string(), state: z.string(), nonce: z.string(), to: z.string() })
export type LoginAttempt = z.infer<typeof attemptSchema>

const cookieSchema = z.discriminatedUnion('authentication', [
  z.object({ authentication: z.literal('oidc'), name: z.string(), role: z.enum(ROLES) }),
  z.object({ authentication: z.literal('token'), sha256: z.string() }),
])

export type Sessions = ReturnType<typeof makeSessions>

/** A session is a signed cookie; the server stores nothing, so that any instance accepts every session. */
export function makeSessions(authentication: ConsoleConfig['authentication']) {
  const secret = authentication?.sessionSecret ?? randomBytes(32).toString('hex')
  const keyFor = (purpose: string) => createHmac('sha256', secret).update(purpose).digest()
  const sign = (payload: Record<string, unknown>, audience: string, seconds: number): Promise<string> =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${seconds} s`)
      .sign(keyFor(audience))
  const verify = async (cookie: string | undefined, audience: string): Promise<unknown> => {
    if (cookie === undefined) return null
    const verified = await jwtVerify(cookie, keyFor(audience), { audience, algorithms: ['HS256'] }).catch(() => null)
    return verified?.payload ?? null
  }
  return {
    cookieOf: (session: z.infer<typeof cookieSchema>) => sign(session, 'session', SESSION_SECONDS),
    /** Returns the user of a session; null when it is not valid, has ended, or its token or provider is no longer in the configuration. */
    userOf: async (cookie: string | undefined): Promise<Session | null> => {
      const { data } = cookieSchema.safeParse(await verify(cookie, 'session'))
      if (data === undefined) return null
      if (data.authentication === 'token') return ownerOf(data.sha256, authentication?.tokens)
      return authentication?.oidc === undefined ? null : data
    },
    attemptCookieOf: (attempt: LoginAttempt) => sign(attempt, 'login', LOGIN_SECONDS),
    attemptOf: async (cookie: string | undefined) =>
      attemptSchema.safeParse(await verify(cookie, 'login')).data ?? null,
  }
}
