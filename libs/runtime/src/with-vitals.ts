import type { Config } from '@outflow/contracts'
import type { Log } from './log.js'
import { serveVitals } from './serve-vitals.js'
import { makeVitals, type Vitals } from './vitals.js'

export interface VitalsOptions {
  readonly config: Pick<Config, 'pipeline' | 'http'>
  readonly service: 'ingest' | 'trainer' | 'alerts'
  readonly log: Log
  /** The process's, when several services share it; whoever made them serves them. */
  readonly vitals?: Vitals | undefined
}

/**
 * Runs a service with the vitals handed in or, without any, with vitals of its own, served on the service's port for as
 * long as the run takes.
 *
 * @throws {HealthAddressUnavailable} before the run begins
 */
export async function withVitals(
  { config, service, log, vitals }: VitalsOptions,
  run: (vitals: Vitals) => Promise<void>,
): Promise<void> {
  if (vitals !== undefined) return run(vitals)
  const own = makeVitals({ pipeline: config.pipeline })
  const server = await serveVitals(own, { host: config.http.host, port: config.http.ports[service] })
  log.info({ address: server.url }, 'health and metrics served')
  try {
    await run(own)
  } finally {
    await server.close()
  }
}
