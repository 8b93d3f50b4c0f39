import { createHash } from 'node:crypto'
import { z } from 'zod'
import { sessionSchema } from '../api/index.js'
import { withAudit } from '../audit.js'
import { RequestRefused } from '../errors.js'
import { SESSION_COOKIE, SESSION_SECONDS, type Sessions } from '../sessions.js'
import { ownerOf } from '../visitors.js'
import type { ConsoleServer, RouteContext } from './route-context.js'

export interface SessionRoutesContext extends RouteContext {
  readonly sessions: Sessions
  /** Whether cookies are sent over https only. */
  readonly isSecure: boolean
}

/** Limits attempts to guess a token, although 256 random bits cannot be guessed. */
const LOGINS_A_MINUTE = 20

export function addSessionRoutes(
  server: ConsoleServer,
  { config, pool, sessions, isSecure }: SessionRoutesContext,
): void {
  const { tokens } = config.console.authentication ?? {}

  server.get(
    '/api/session',
    {
      schema: {
        summary: 'The user and their role; 401 has the ways to log in as `logins`',
        response: { 200: sessionSchema },
      },
    },
    async ({ visitor: { name, role, authentication } }) => ({ name, role, authentication }),
  )

  server.post(
    '/api/session',
    {
      config: { isOpen: true, rateLimit: { max: LOGINS_A_MINUTE, timeWindow: '1 minute' } },
      schema: {
        summary: 'Logs a browser in by a token; the session is in a cookie from then on',
        body: z.strictObject({ token: z.string().min(1).max(500) }),
        response: { 201: sessionSchema },
      },
    },
    async ({ body: { token } }, reply) => {
      const owner = ownerOf(token, tokens)
      if (owner === null) throw new RequestRefused(401, 'unknown token; `outflow token` makes one')
      const sealed = await withAudit(pool, owner, { action: 'log in' }, () =>
        sessions.seal(owner, createHash('sha256').update(token).digest('hex')),
      )
      return reply.code(201).setCookie(SESSION_COOKIE, sealed, sessionCookie(isSecure)).send(owner)
    },
  )

  server.delete(
    '/api/session',
    { schema: { summary: 'Logs a browser out', response: { 204: z.null() } } },
    async (_, reply) => reply.code(204).clearCookie(SESSION_COOKIE, sessionCookie(isSecure)).send(null),
  )
}

export const sessionCookie = (isSecure: boolean) => ({
  path: '/',
  httpOnly: true,
  sameSite: 'strict' as const,
  secure: isSecure,
  maxAge: SESSION_SECONDS,
})
