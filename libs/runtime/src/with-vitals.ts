import type { Log } from './log.js'
import { type Address, serveVitals } from './serve-vitals.js'
import { makeVitals, type Vitals } from './vitals.js'

/**
 * Makes the vitals of a pipeline and serves them until the run ends.
 *
 * @throws {HealthAddressUnavailable} before the run begins
 */
export async function withVitals(
  { pipeline, address, log }: { readonly pipeline: string; readonly address: Address; readonly log: Log },
  run: (vitals: Vitals) => Promise<void>,
): Promise<void> {
  const vitals = makeVitals({ pipeline })
  const server = await serveVitals(vitals, address)
  log.info({ address: server.url }, 'health and metrics served')
  try {
    await run(vitals)
  } finally {
    await server.close()
  }
}
