import { fastify } from 'fastify'
import { HealthAddressUnavailable } from './errors.js'
import type { ServedVitals } from './join-vitals.js'

export interface VitalsServer {
  /** Such as `http://127.0.0.1:9401`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves the signs of life over HTTP: `/healthz` (200 while the process turns), `/readyz` (200 or 503, with every check
 * as JSON) and `/metrics` (Prometheus text).
 *
 * @param options.port  0 takes any free port
 * @throws {HealthAddressUnavailable} when the address is taken, foreign or forbidden
 */
export async function serveVitals(
  vitals: ServedVitals,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<VitalsServer> {
  const server = fastify({ forceCloseConnections: true })
  server.get('/healthz', () => ({ alive: true, uptimeSeconds: Math.round(process.uptime()) }))
  server.get('/readyz', async (_, reply) => {
    const readiness = await vitals.readiness()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })
  server.get('/metrics', async (_, reply) =>
    reply.header('content-type', vitals.metrics.contentType).send(await vitals.metrics.text()),
  )
  try {
    return { url: await server.listen({ host, port }), close: () => server.close() }
  } catch (cause: unknown) {
    await server.close()
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new HealthAddressUnavailable(`can not serve health and metrics on ${host}:${port}: ${mendOf(why)}`, {
      cause,
      values: { host, port },
    })
  }
}

function mendOf(why: string): string {
  switch (why) {
    case 'EADDRINUSE':
      return 'another process listens there; stop it, or choose another port under http.ports (0 takes any free one)'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address; choose another http.host'
    case 'EACCES':
      return 'this user may not listen there; choose a port above 1023'
    default:
      return why
  }
}
