import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listening {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string
  /** Ends open connections too. */
  close(): Promise<void>
}

/** Listens on a free port of the loopback interface. */
export async function onLoopback(server: Server): Promise<Listening> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
