import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { ComponentStartFailed } from './errors.js'

const LOWEST_PORT = 10_000
const ATTEMPTS = 100

/**
 * Finds a free port on 127.0.0.1, below the range from which the kernel assigns the local ports of outgoing connections. A
 * port inside that range can be taken while the server is stopped: by any outgoing connection, and even by
 * a client that reconnects to the server, which is then connected to itself.
 */
export async function findFreePort(): Promise<number> {
  const highest = lowestEphemeralPort() - 1
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (highest - LOWEST_PORT + 1))
    if (await isFree(port)) return port
  }
  throw new ComponentStartFailed(`found no free port in ${ATTEMPTS} tries between ${LOWEST_PORT} and ${highest}`)
}

function lowestEphemeralPort(): number {
  try {
    const [lowest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)
    return Math.max(Number(lowest), LOWEST_PORT + 1_000)
  } catch {
    return 49_152 // start of the dynamic range of IANA and macOS
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
