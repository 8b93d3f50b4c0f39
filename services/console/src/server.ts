import { randomBytes } from 'node:crypto'
import fastifyCookie from '@fastify/cookie'
import fastifyCsrf from '@fastify/csrf-protection'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import { addVitalsRoutes, type Vitals } from '@outflow/runtime'
import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { guard } from './guard.js'
import { servePage } from './page.js'
import { answerProblems } from './problems.js'
import { addAnomalyRoutes } from './routes/anomalies.js'
import type { ConsoleServer, RouteContext } from './routes/route-context.js'
import { addSessionRoutes } from './routes/session.js'
import type { ConsoleTelemetry } from './telemetry.js'

export interface ServerOptions extends RouteContext {
  readonly vitals: Vitals
  readonly telemetry: ConsoleTelemetry
}

/** More than any request of the page: a verdict's note is the longest. */
const BODY_LIMIT_BYTES = 64 * 1024

/** Makes the HTTP server: what guards it first, then the signs of life, the API and the page. */
export async function makeServer({ vitals, telemetry, ...context }: ServerOptions): Promise<ConsoleServer> {
  const { config } = context
  const server = fastify({
    forceCloseConnections: true,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: 2_000 },
  }).withTypeProvider<ZodTypeProvider>()
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  // A form of another site can send text without asking first; nothing here wants any.
  server.removeContentTypeParser('text/plain')
  answerProblems(server, telemetry)
  server.addHook('onResponse', async (request, reply) => {
    telemetry.requestAnswered(request.method, reply.statusCode, reply.elapsedTime / 1_000)
  })

  const isSecure = config.console.url?.startsWith('https:') ?? false
  await server.register(fastifyHelmet, helmetOptions(isSecure))
  await server.register(fastifyCookie)
  await server.register(fastifyCsrf, {
    cookieKey: 'outflow_csrf',
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure },
    getToken: ({ headers }) => String(headers['x-csrf-token'] ?? ''),
    getUserInfo: ({ visitor }) => visitor.name,
    csrfOpts: { hmacKey: randomBytes(32).toString('hex') },
  })
  await server.register(fastifyRateLimit, { max: 1_200, timeWindow: '1 minute' })
  guard(server, config.console)

  addVitalsRoutes(server, vitals)
  addSessionRoutes(server)
  addAnomalyRoutes(server, context)
  await servePage(server)
  return server
}

/** Nothing from elsewhere, nothing inline, in no frame. */
const helmetOptions = (isSecure: boolean) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: isSecure && { maxAge: 365 * 86_400 },
  xFrameOptions: { action: 'deny' as const },
  referrerPolicy: { policy: 'no-referrer' as const },
  crossOriginEmbedderPolicy: true,
})
