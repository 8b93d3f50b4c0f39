import { isLoopback } from '@outflow/contracts'
import { z } from 'zod'
import { sessionSchema } from '../api/index.js'
import { MAX_PLACE } from '../api/limits.js'
import { RequestRefused } from '../errors.js'
import { withAudit } from '../login/audit.js'
import { CALLBACK_PATH, makeOidcLogin } from '../login/oidc-login.js'
import { LOGIN_COOKIE, LOGIN_SECONDS, SESSION_COOKIE, SESSION_SECONDS, type Sessions } from '../login/sessions.js'
import { ownerOf, sha256Of, UNKNOWN_TOKEN } from '../login/users.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { reads } from './route-options.js'

interface SessionRoutesContext extends RouteContext {
  readonly sessions: Sessions
  /** Whether cookies are sent over https only. */
  readonly isSecure: boolean
}

/** A path of the page; `//…` and `/\…` would be another site. */
const placeSchema = z
  .string()
  .max(MAX_PLACE)
  .regex(/^\/(?![/\\])[^\s\\]*$/, 'a path of the page')
  .default('/')

/** Limits attempts to guess a token, although 256 random bits cannot be guessed. */
const TOKEN_RATE = { max: 20, timeWindow: '1 minute' }
const PROVIDER_RATE = { max: 60, timeWindow: '1 minute' }

/** Login by a token or by the OpenID provider, and logout. */
export function addSessionRoutes(
  server: ConsoleServer,
  { config, pool, sessions, isSecure }: SessionRoutesContext,
): void {
  const { authentication: { tokens, oidc } = {}, url } = config.console
  const sessionOptions = {
    path: '/',
    httpOnly: true,
    sameSite: 'strict' as const,
    secure: isSecure,
    maxAge: SESSION_SECONDS,
  }

  server.get(
    '/api/session',
    reads('The user and their role; 401 has the ways to log in as `logins`', sessionSchema, {}),
    async ({ user }) => user,
  )

  server.post(
    '/api/session',
    {
      config: { isOpen: true, rateLimit: TOKEN_RATE },
      schema: {
        summary: 'Logs a browser in by a token; the session is in a cookie from then on',
        body: z.strictObject({ token: z.string().min(1).max(500) }),
        response: { 201: sessionSchema },
      },
    },
    async ({ body: { token }, headers: { origin } }, reply) => {
      const sha256 = sha256Of(token)
      const owner = ownerOf(sha256, tokens)
      if (owner === null) throw new RequestRefused(401, UNKNOWN_TOKEN)
      if (isSecure && !keepsSecureCookies(origin)) {
        throw new RequestRefused(403, `a browser keeps the session over https only; open the console at ${url}`)
      }
      const cookie = await withAudit(pool, owner, { action: 'log in' }, () =>
        sessions.cookieOf({ authentication: 'token', sha256 }),
      )
      return reply.code(201).setCookie(SESSION_COOKIE, cookie, sessionOptions).send(owner)
    },
  )

  server.delete(
    '/api/session',
    { schema: { summary: 'Logs a browser out', response: { 204: z.null() } } },
    async (_, reply) => reply.code(204).clearCookie(SESSION_COOKIE, sessionOptions).send(null),
  )

  if (oidc === undefined || url === undefined) return
  const login = makeOidcLogin(oidc, url)
  // Lax: the browser returns by a link of another site.
  const attemptOptions = { path: CALLBACK_PATH, httpOnly: true, sameSite: 'lax' as const, secure: isSecure }

  server.get(
    '/api/login',
    {
      config: { isOpen: true, rateLimit: PROVIDER_RATE },
      schema: {
        summary: 'Sends a browser to the OpenID provider',
        querystring: z.object({ to: placeSchema }),
        response: { 302: z.null() },
      },
    },
    async ({ query: { to } }, reply) => {
      const { url, attempt } = await login.begin(to)
      const cookie = await sessions.attemptCookieOf(attempt)
      return reply.setCookie(LOGIN_COOKIE, cookie, { ...attemptOptions, maxAge: LOGIN_SECONDS }).redirect(url.href)
    },
  )

  server.get(
    CALLBACK_PATH,
    {
      config: { isOpen: true, rateLimit: PROVIDER_RATE },
      schema: { summary: 'Redirect URI of the OpenID provider', response: { 302: z.null() } },
    },
    async (request, reply) => {
      const attempt = await sessions.attemptOf(request.cookies[LOGIN_COOKIE])
      if (attempt === null) throw new RequestRefused(403, 'no login is under way in this browser; start at /api/login')
      const user = await login.finish(request.url, attempt)
      const cookie = await withAudit(pool, user, { action: 'log in' }, () =>
        sessions.cookieOf({ ...user, authentication: 'oidc' }),
      )
      return reply
        .clearCookie(LOGIN_COOKIE, attemptOptions)
        .setCookie(SESSION_COOKIE, cookie, sessionOptions)
        .redirect(attempt.to)
    },
  )
}

/** Whether a browser keeps secure cookies of a page of this origin: over https, and of its own machine. */
function keepsSecureCookies(origin: string | undefined): boolean {
  if (origin === undefined || !URL.canParse(origin)) return true
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || isLoopback(hostname)
}
