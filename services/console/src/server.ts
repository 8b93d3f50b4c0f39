import fastifyCookie from '@fastify/cookie'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import { requestTimeouts, VITALS_ROUTES, type Vitals } from '@outflow/runtime'
import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { guard } from './login/guard.js'
import { makeSessions } from './login/sessions.js'
import { describeRoutes } from './openapi.js'
import { servePage } from './page.js'
import { answerProblems, sendProblem } from './problems.js'
import { readPipeline } from './queries.js'
import { addAnomalyRoutes } from './routes/anomalies.js'
import { addDeadLetterRoutes } from './routes/dead-letters.js'
import { addModelRoutes } from './routes/models.js'
import { addPipelineRoutes } from './routes/pipelines.js'
import type { ConsoleServer, RouteContext } from './routes/route-context.js'
import { addSessionRoutes } from './routes/session.js'
import { addSuppressionRoutes } from './routes/suppressions.js'
import type { ConsoleTelemetry } from './telemetry.js'

interface ServerOptions extends RouteContext {
  readonly vitals: Vitals
  readonly telemetry: ConsoleTelemetry
}

/** More than any request of the page has: the longest is the note of a verdict. */
const BODY_LIMIT_BYTES = 64 * 1024
/** An open list sends 34 requests a minute, and two hundred lists may share the address of a proxy. */
const REQUESTS_A_MINUTE = 7_200

/** Makes the HTTP server: first the guards, then health and metrics, the API and the page. */
export async function makeServer({ vitals, telemetry, ...context }: ServerOptions): Promise<ConsoleServer> {
  const { config } = context
  const timeouts = requestTimeouts()
  const server = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    http: timeouts,
    requestTimeout: timeouts.requestTimeout,
    routerOptions: { maxParamLength: 2_000 },
    // The error handler is not called for a path that is not valid percent-encoding.
    frameworkErrors: ({ statusCode = 400, message }, _, reply) => void sendProblem(reply, statusCode, message),
  }).withTypeProvider<ZodTypeProvider>()
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  // A form of another site can send text/plain without a preflight request; no route requires it.
  server.removeContentTypeParser('text/plain')
  answerProblems(server, telemetry)
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
  })
  server.addHook('onSend', async (_, reply) => {
    // Otherwise the server waits until the client closes the connection.
    if (isClosing) reply.header('connection', 'close')
  })
  server.addHook('onResponse', async (request, reply) => {
    telemetry.requestAnswered(request.method, reply.statusCode, reply.elapsedTime / 1_000)
  })

  const { authentication, url } = config.console
  const sessions = makeSessions(authentication)
  const isSecure = url?.startsWith('https:') ?? false
  await server.register(fastifyHelmet, helmetOptions(isSecure))
  await server.register(fastifyCookie)
  await server.register(fastifyRateLimit, { max: REQUESTS_A_MINUTE, timeWindow: '1 minute' })
  guard(server, config.console, sessions, context.pool)
  readPipeline(server, context)

  for (const [path, answer] of VITALS_ROUTES) {
    server.get(path, async (_, reply) => {
      const { status, contentType, body } = await answer(vitals)
      return reply.code(status).type(contentType).send(body)
    })
  }
  await describeRoutes(server)
  addSessionRoutes(server, { ...context, sessions, isSecure })
  addAnomalyRoutes(server, context)
  addPipelineRoutes(server, context)
  addDeadLetterRoutes(server, context)
  addModelRoutes(server, context)
  addSuppressionRoutes(server, context)
  await servePage(server)
  return server
}

/** No resources of other origins, nothing inline, not in a frame. */
const helmetOptions = (isSecure: boolean) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  // Other servers below the console's name may have no TLS.
  strictTransportSecurity: isSecure && { maxAge: 365 * 86_400, includeSubDomains: false },
  xFrameOptions: { action: 'deny' as const },
  referrerPolicy: { policy: 'no-referrer' as const },
  crossOriginEmbedderPolicy: true,
})
