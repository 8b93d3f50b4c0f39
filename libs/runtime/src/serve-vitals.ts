import type { FastifyInstance } from 'fastify'
import { HealthAddressUnavailable } from './errors.js'
import type { ServedVitals } from './join-vitals.js'

export interface VitalsServer {
  /** Such as `http://127.0.0.1:9401`. */
  readonly url: string
  close(): Promise<void>
}

export interface Address {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/**
 * Serves the vitals over HTTP.
 *
 * @param requestTimeoutMs  maximum time to receive a whole request; default 10 s
 * @throws {HealthAddressUnavailable} when the address is in use, not of this machine, or forbidden
 */
export async function serveVitals(
  vitals: ServedVitals,
  address: Address,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
): Promise<VitalsServer> {
  // Loaded on demand, because loading takes longer than the work of most commands, which serve nothing.
  const { fastify } = await import('fastify')
  const server = fastify({ forceCloseConnections: true, ...requestTimeouts(requestTimeoutMs) })
  addVitalsRoutes(server, vitals)
  return { url: await listenOn(server, address, 'health and metrics'), close: () => server.close() }
}

/** Maximum time to receive a request with its body; the response may take longer. */
const REQUEST_TIMEOUT_MS = 10_000

/** Options of a server that closes a connection if a request is not received in time. */
export const requestTimeouts = (timeoutMs = REQUEST_TIMEOUT_MS) => ({
  requestTimeout: timeoutMs,
  http: {
    // Node swaps the two timeouts if that of the headers is longer.
    headersTimeout: timeoutMs,
    connectionsCheckingInterval: Math.min(1_000, timeoutMs),
  },
})

/**
 * Adds the routes of the vitals to a server: `/healthz` (200 while the process runs), `/readyz` (200 or 503, with every check
 * as JSON) and `/metrics` (Prometheus text).
 */
export function addVitalsRoutes(server: Pick<FastifyInstance, 'get'>, vitals: ServedVitals): void {
  server.get('/healthz', () => ({ alive: true, uptimeSeconds: Math.round(process.uptime()) }))
  server.get('/readyz', async (_, reply) => {
    const readiness = await vitals.readiness()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })
  server.get('/metrics', async (_, reply) =>
    reply.header('content-type', vitals.metrics.contentType).send(await vitals.metrics.text()),
  )
}

/**
 * Starts a server on an address, and closes it if that fails.
 *
 * @param what  name of the served content in error messages
 * @returns its URL
 * @throws {HealthAddressUnavailable} when the address is in use, not of this machine, or forbidden
 */
export async function listenOn(
  server: Pick<FastifyInstance, 'listen' | 'close'>,
  { host, port }: Address,
  what: string,
): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause: unknown) {
    await server.close()
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new HealthAddressUnavailable(`cannot serve ${what} on ${host}:${port}: ${fixOf(why)}`, {
      cause,
      values: { host, port },
    })
  }
}

function fixOf(why: string): string {
  switch (why) {
    case 'EADDRINUSE':
      return 'another process uses the port; stop it, or choose another port under http.ports (0: any free port)'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address; choose another http.host, or console.host'
    case 'EACCES':
      return 'this user may not listen there; choose a port above 1023'
    default:
      return why
  }
}
