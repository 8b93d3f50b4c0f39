import { makeVitals } from '@outflow/runtime'
import type { Client, Pool } from '@outflow/store'
import type { ConsoleServer, RouteContext } from './routes/route-context.js'
import { makeServer } from './server.js'
import type { ConsoleTelemetry } from './telemetry.js'
import { testConfig } from './test-config.js'

/** A server with the smallest configuration. @param settings  of `console` */
export function testServer(
  read: (query: (db: Client) => unknown) => unknown,
  settings: object = {},
): Promise<ConsoleServer> {
  return makeServer({
    config: testConfig(settings),
    pool: {} as Pool,
    read: read as RouteContext['read'],
    vitals: makeVitals(),
    telemetry: { requestAnswered: () => {}, requestFailed: () => {} } as unknown as ConsoleTelemetry,
  })
}
