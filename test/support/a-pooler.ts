import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

const TERMINATE = Buffer.from('5800000004', 'hex')
// AuthenticationOk, and ReadyForQuery outside a transaction.
const GREETING = Buffer.from('5200000008000000005a0000000549', 'hex')

/**
 * Starts a pooler as PgBouncer is with `pool_mode = session`: the session of a closed connection is given to the next one.
 *
 * @returns url of the database through the pooler
 */
export async function aPooler(databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl)
  const sessions = new Set<Socket>()
  const free: Socket[] = []
  const server = createServer((client) => {
    const found = free.pop()
    const session = found ?? connect(Number(url.port), url.hostname)
    sessions.add(session)
    const answer = (data: Buffer) => client.write(data)
    session.on('data', answer)
    let isLoggedIn = found === undefined
    client.on('data', (data) => {
      if (!isLoggedIn) client.write(GREETING)
      else if (!data.equals(TERMINATE)) session.write(data)
      else {
        session.off('data', answer)
        free.push(session)
      }
      isLoggedIn = true
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const session of sessions) session.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port }).href
}
