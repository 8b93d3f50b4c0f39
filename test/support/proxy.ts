import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A client's connection and the one to the target; `end` closes both, and when one closes, so does the other. */
interface Connection {
  readonly client: Socket
  readonly upstream: Socket
  readonly end: () => void
}

/** Listens on a free port of the target's host, and connects each client to the target; `onConnection` passes the data on. */
export async function startProxy(
  { host, port }: { readonly host: string; readonly port: number },
  onConnection: (connection: Connection) => void,
) {
  const open = new Set<Socket>()
  const tracked = (socket: Socket) => {
    open.add(socket)
    return socket.on('close', () => open.delete(socket)).on('error', () => {})
  }
  const dial = () => tracked(connect(port, host))
  const server = createServer((client) => {
    const upstream = dial()
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    tracked(client).on('close', end)
    upstream.on('close', end)
    onConnection({ client, upstream, end })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    dial,
    close: async (): Promise<void> => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
