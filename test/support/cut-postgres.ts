import { onTestFinished } from 'vitest'
import { startProxy } from './proxy.js'

/**
 * A proxy between clients and Postgres, which cuts connections when Postgres has executed a statement and its answer is on the way: the
 * client cannot determine whether its commit succeeded.
 *
 * @param cuts  decides on each answer to a client that has logged in
 * @returns the URL of the same database through the proxy
 */
export async function aCutPostgres(url: string, cuts: () => boolean): Promise<string> {
  const target = new URL(url)
  const { port, close } = await startProxy(
    { host: target.hostname, port: Number(target.port) },
    ({ client, upstream, end }) => {
      let isReady = false
      client.pipe(upstream)
      upstream.on('data', (answer) => {
        if (isReady && cuts()) return end()
        // ReadyForQuery, which ends the login.
        isReady ||= answer.includes(Buffer.from([0x5a, 0, 0, 0, 5]))
        client.write(answer)
      })
    },
  )
  onTestFinished(close)
  target.port = String(port)
  return target.href
}
