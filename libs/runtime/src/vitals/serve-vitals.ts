import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HealthAddressUnavailable } from '../errors.js'
import type { ServedVitals } from './join-vitals.js'

export interface Address {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

/**
 * Serves the vitals over HTTP.
 *
 * @param requestTimeoutMs  maximum time to receive a whole request; default 10 s
 * @returns its URL, such as `http://127.0.0.1:9401`, and the function that closes it
 * @throws {HealthAddressUnavailable} when the address is in use, not of this machine, or forbidden
 */
export async function serveVitals(vitals: ServedVitals, address: Address, requestTimeoutMs = REQUEST_TIMEOUT_MS) {
  const server = createServer(requestTimeouts(requestTimeoutMs), async ({ method, url }, response) => {
    const isRead = method === 'GET' || method === 'HEAD'
    const answer = (isRead && VITALS_ROUTES.get(url!.split('?')[0]!)) || notFound
    const { status, contentType, body } = await answer(vitals).catch(failed)
    response.writeHead(status, { 'content-type': contentType }).end(body)
  })
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const listen = async ({ host, port }: Address) => {
    server.listen(port, host)
    await once(server, 'listening')
    const { address: bound, family, port: own } = server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${bound}]` : bound}:${own}`
  }
  return { url: await listenOn(listen, address, 'health and metrics'), close }
}

/** Maximum time to receive a request with its body; the response may take longer. */
const REQUEST_TIMEOUT_MS = 10_000

/** Options of a server of Node that closes a connection if a request is not received in time. */
export const requestTimeouts = (timeoutMs = REQUEST_TIMEOUT_MS) => ({
  requestTimeout: timeoutMs,
  // Node swaps the two timeouts if that of the headers is longer.
  headersTimeout: timeoutMs,
  connectionsCheckingInterval: Math.min(1_000, timeoutMs),
})

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

type VitalsRoute = (vitals: ServedVitals) => Promise<Answer>

/**
 * Answers of the vitals by path: `/healthz` (200 while the process runs), `/readyz` (200 or 503, with every check as JSON) and
 * `/metrics` (Prometheus text).
 */
export const VITALS_ROUTES: ReadonlyMap<string, VitalsRoute> = new Map<string, VitalsRoute>([
  ['/healthz', async () => json(200, { alive: true, uptimeSeconds: Math.round(process.uptime()) })],
  [
    '/readyz',
    async (vitals) => {
      const readiness = await vitals.readiness()
      return json(readiness.ready ? 200 : 503, readiness)
    },
  ],
  ['/metrics', async ({ metrics }) => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() })],
])

const notFound = async () => json(404, { message: `GET one of ${[...VITALS_ROUTES.keys()].join(', ')}` })

const failed = (error: unknown) => json(500, { message: String(error) })

const json = (status: number, value: object): Answer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
})

/**
 * Makes a server listen on an address.
 *
 * @param listen  resolves to its URL
 * @param what    name of the served content in error messages
 * @returns its URL
 * @throws {HealthAddressUnavailable} when the address is in use, not of this machine, or forbidden
 */
export async function listenOn(
  listen: (address: Address) => Promise<string>,
  address: Address,
  what: string,
): Promise<string> {
  try {
    return await listen(address)
  } catch (cause: unknown) {
    const { host, port } = address
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
