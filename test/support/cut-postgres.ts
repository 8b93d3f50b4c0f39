import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A proxy between clients and Postgres, which cuts connections when Postgres has executed a statement and its answer is on the way: the
 * client cannot determine whether its commit succeeded.
 *
 * @param cuts  decides on each answer to a client that has logged in
 * @returns the URL of the same database through the proxy
 */
export async function aCutPostgres(url: string, cuts: () => boolean): Promise<string> {
  const target = new URL(url)
  const [port, host] = [Number(target.port), target.hostname]
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, host)
    let isReady = false
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket)
          end()
        })
    }
    client.pipe(upstream)
    upstream.on('data', (answer) => {
      if (isReady && cuts()) return end()
      // ReadyForQuery, which ends the login.
      isReady ||= answer.includes(Buffer.from([0x5a, 0, 0, 0, 5]))
      client.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of open) socket.destroy()
    await closed
  })
  target.port = String((server.address() as AddressInfo).port)
  return target.href
}
