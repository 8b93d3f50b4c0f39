import { z } from 'zod'
import { withAudit } from '../audit.js'
import { RequestRefused } from '../errors.js'
import { CALLBACK_PATH, type OidcLogin } from '../oidc-login.js'
import { LOGIN_COOKIE, LOGIN_SECONDS, SESSION_COOKIE } from '../sessions.js'
import type { ConsoleServer } from './route-context.js'
import { type SessionRoutesContext, sessionCookie } from './session.js'

/** A path of the page; `//…` and `/\…` would be another site. */
const placeSchema = z
  .string()
  .max(2_000)
  .regex(/^\/(?![/\\])[^\s\\]*$/, 'a path of the page')
  .default('/')

/** Login by the OpenID provider: redirect and callback. */
export function addLoginRoutes(
  server: ConsoleServer,
  { pool, sessions, isSecure, login }: SessionRoutesContext & { readonly login: OidcLogin },
): void {
  // Lax: the browser returns by a link of another site.
  const attemptCookie = { path: CALLBACK_PATH, httpOnly: true, sameSite: 'lax' as const, secure: isSecure }

  server.get(
    '/api/login',
    {
      config: { isOpen: true, rateLimit: { max: 60, timeWindow: '1 minute' } },
      schema: {
        summary: 'Sends a browser to the OpenID provider',
        querystring: z.object({ to: placeSchema }),
        response: { 302: z.null() },
      },
    },
    async ({ query: { to } }, reply) => {
      const { url, attempt } = await login.begin(to)
      const sealed = await sessions.sealAttempt(attempt)
      return reply.setCookie(LOGIN_COOKIE, sealed, { ...attemptCookie, maxAge: LOGIN_SECONDS }).redirect(url.href)
    },
  )

  server.get(
    CALLBACK_PATH,
    {
      config: { isOpen: true, rateLimit: { max: 60, timeWindow: '1 minute' } },
      schema: {
        summary: 'Redirect URI of the OpenID provider',
        response: { 302: z.null() },
      },
    },
    async (request, reply) => {
      const attempt = await sessions.openAttempt(request.cookies[LOGIN_COOKIE])
      if (attempt === null) throw new RequestRefused(403, 'no login is under way in this browser; start at /api/login')
      const visitor = await login.finish(request.url, attempt)
      const sealed = await withAudit(pool, visitor, { action: 'log in' }, () => sessions.seal(visitor))
      return reply
        .clearCookie(LOGIN_COOKIE, attemptCookie)
        .setCookie(SESSION_COOKIE, sealed, sessionCookie(isSecure))
        .redirect(attempt.to)
    },
  )
}
