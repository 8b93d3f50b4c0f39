import { parseConfig } from '@outflow/contracts'
import { makeVitals } from '@outflow/runtime'
import type { ConsoleServer } from './routes/route-context.js'
import { makeServer, type ServerOptions } from './server.js'
import type { ConsoleTelemetry } from './telemetry.js'

/** A console server for tests and the fuzzer, with the smallest configuration and without a store unless one is given. */
export function aServer(overrides: Partial<ServerOptions> = {}): Promise<ConsoleServer> {
  const config = parseConfig(
    {
      pipeline: 'flights',
      kafka: { brokers: 'localhost:1' },
      postgres: { url: 'postgres://localhost/outflow' },
      source: { topics: ['flights'] },
      features: [{ path: '$.delay', type: 'numeric' }],
      alerts: { topic: 'flights.alerts' },
      deadLetters: { topic: 'flights.dead' },
    },
    {},
  )
  return makeServer({
    config,
    pool: {} as ServerOptions['pool'],
    read: () => Promise.reject(new Error('no store')),
    vitals: makeVitals(),
    telemetry: SILENT,
    ...overrides,
  })
}

/** Reports nothing. */
export const SILENT: ConsoleTelemetry = {
  consoleStarted: () => {},
  requestAnswered: () => {},
  requestFailed: () => {},
  startDelayed: () => {},
  storeConnectionLost: () => {},
}
