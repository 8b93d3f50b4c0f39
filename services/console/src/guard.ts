import type { ConsoleConfig, Role } from '@outflow/contracts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Session } from './api/index.js'
import { RequestRefused } from './errors.js'
import { sendProblem } from './problems.js'
import { bearerOf, localVisitor, mayAct, type Visitor } from './visitors.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every request under /api. */
    visitor: Visitor
  }
  interface FastifyContextConfig {
    /** The least that the asker must be; default: a reader. */
    role?: Role
  }
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Holds every request under /api to who asks and what they may do, and a write of a browser to the token that no other
 * site knows. Without a login, only names of this machine may stand in `Host`: a foreign name that was made to
 * resolve to it would else read all that the user may.
 */
export function guard(server: FastifyInstance, { authentication }: ConsoleConfig): void {
  const local = authentication === undefined ? localVisitor() : null
  const logins: readonly Exclude<Session['authentication'], 'none'>[] = ['token']
  server.decorateRequest('visitor', null as unknown as Visitor)
  server.addHook('onRequest', async (request, reply) => {
    if (local !== null && !isOfThisMachine(request.headers.host)) {
      throw new RequestRefused(421, `the console answers to localhost and 127.0.0.1 only, got ${request.headers.host}`)
    }
    if (!isGuarded(request)) return
    const visitor = local ?? bearerOf(request, authentication?.tokens)
    if (visitor === null) {
      void reply.header('www-authenticate', 'Bearer')
      return sendProblem(reply, 401, 'log in, or send a token as Authorization: Bearer', { logins: [...logins] })
    }
    request.visitor = visitor
    const role = request.routeOptions.config?.role ?? 'reader'
    if (!mayAct(visitor, role)) {
      throw new RequestRefused(403, `${visitor.name} is ${visitor.role} here; this wants the role ${role}`)
    }
    void reply.header('cache-control', 'no-store')
  })
  server.addHook('onRequest', (request, reply, done) => {
    const isWrite = !SAFE_METHODS.has(request.method) && isGuarded(request)
    if (isWrite && request.visitor.byBrowser) server.csrfProtection(request, reply, done)
    else done()
  })
}

/** By the route that was found, however its path was spelt: the page and the probes are for everybody. */
const isGuarded = ({ routeOptions: { url = '' } }: FastifyRequest): boolean =>
  url.startsWith('/api/') || url === '/metrics'

const isOfThisMachine = (host: string | undefined): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/.test(host ?? '')
