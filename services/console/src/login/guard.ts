import { type ConsoleConfig, isLoopback } from '@outflow/contracts'
import { includesRole, type Role } from '@outflow/contracts/role'
import type { Pool } from '@outflow/store'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '../api/index.js'
import { RequestRefused } from '../errors.js'
import { sendProblem } from '../problems.js'
import { type Act, noteDenied } from './audit.js'
import { SESSION_COOKIE, type Sessions } from './sessions.js'
import { bearerOf, localUser, loginsOf, UNKNOWN_TOKEN } from './users.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The user, for every request under /api. */
    user: Session
  }
  interface FastifyContextConfig {
    /** The least role that is required; default: reader. */
    role?: Role
    /** Requires no login: the route is part of logging in. */
    isOpen?: boolean
  }
}

/**
 * Requires a login and the role of the route for every request under /api, and that a write by a browser comes from the console's own page.
 * Without authentication, `Host` must be a name of this machine: a page of a foreign name that resolves to it (DNS rebinding) could
 * otherwise read everything that the user may read. It follows the limit of requests, a hook of each route, which also counts refused ones.
 */
export function guard(server: FastifyInstance, config: ConsoleConfig, sessions: Sessions, pool: Pool): void {
  const local = config.authentication === undefined ? localUser() : null
  const logins = loginsOf(config)
  server.decorateRequest('user', null as unknown as Session)
  server.addHook('preParsing', async (request, reply) => {
    if (local !== null && !isOfThisMachine(request.headers.host)) {
      throw new RequestRefused(
        421,
        `the console answers to localhost and loopback addresses only, got ${request.headers.host}`,
      )
    }
    if (!isGuarded(request)) return
    void reply.header('cache-control', 'no-store')
    const bearer = local === null ? bearerOf(request, config.authentication?.tokens) : null
    const user = local ?? bearer ?? (await sessions.userOf(request.cookies[SESSION_COOKIE]))
    const { isOpen = false, role = 'reader' } = request.routeOptions.config
    if (user === null && isOpen) return
    if (user === null) return sendLoginRequired(reply, logins)
    // Without a token the request is a browser's, which sends a cookie also for a page of another site.
    if (bearer === null && !['GET', 'HEAD'].includes(request.method) && !isOwnPage(request, config.url)) {
      throw new RequestRefused(403, FOREIGN_PAGE)
    }
    request.user = user
    if (!includesRole(user.role, role)) {
      const problem = `${user.name} is ${user.role} here; this requires the role ${role}`
      await noteDenied(pool, user, actOf(request), problem)
      throw new RequestRefused(403, problem)
    }
  })
}

function sendLoginRequired(reply: FastifyReply, logins: ReturnType<typeof loginsOf>): FastifyReply {
  const hasBearer = /^bearer /i.test(reply.request.headers.authorization ?? '')
  const detail = hasBearer ? UNKNOWN_TOKEN : 'log in, or send a token as Authorization: Bearer'
  return sendProblem(reply.header('www-authenticate', 'Bearer'), 401, detail, { logins })
}

/**
 * Whether the browser sent the request from a page of the console or from no page. The console's host is that of `Host`, or that of `url`
 * behind a proxy. Over plain HTTP a browser sends Sec-Fetch-Site only to its own machine; Origin it sends with every write.
 *
 * @see OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata Headers" and "Verifying Origin With Standard Headers"
 */
function isOwnPage({ headers }: FastifyRequest, url: string | undefined): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (origin === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host || (url !== undefined && origin === new URL(url).origin)
}

const FOREIGN_PAGE =
  'a browser may write only from a page of the console, by its headers Sec-Fetch-Site or Origin; behind a proxy that changes Host, ' +
  'console.url has to be set; a program sends a token as Authorization: Bearer'

function actOf({ method, routeOptions: { url = '' }, params, query }: FastifyRequest): Act {
  const { id = null, pipeline = null } = { ...(query as object), ...(params as object) } as Partial<
    Record<string, string>
  >
  return { action: `${method} ${url}`, pipeline, target: id }
}

/** By the matched route, however its path is spelt: the page and the probes require no login. */
const isGuarded = ({ routeOptions: { url = '' } }: FastifyRequest): boolean =>
  url.startsWith('/api/') || url === '/metrics'

const isOfThisMachine = (host: string | undefined): boolean => isLoopback((host ?? '').replace(/:\d{1,5}$/, ''))
