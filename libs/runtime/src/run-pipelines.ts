import type { Config } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import type { Log } from './log.js'
import { joinVitals } from './vitals/join-vitals.js'
import { type Address, serveVitals } from './vitals/serve-vitals.js'
import { makeVitals, type Vitals } from './vitals/vitals.js'

interface PipelinesOptions {
  /** Each with another pipeline name. */
  readonly configs: readonly Config[]
  readonly log: Log
  /** Address for the health and metrics of all. */
  readonly address: Address
  readonly run: (pipeline: { readonly config: Config; readonly vitals: Vitals }) => Promise<void>
}

/**
 * Runs several pipelines in one process until all have ended. A pipeline that fails does not end the others: the error is
 * logged, and /readyz lists it and answers 503 from then on.
 *
 * @throws the error of the first pipeline that failed, once all have ended
 * @throws {HealthAddressUnavailable} before any begins
 */
export async function runPipelines({ configs, log, address, run }: PipelinesOptions): Promise<void> {
  const pipelines = configs.map((config) => ({
    config,
    vitals: makeVitals({ pipeline: config.pipeline }, { ofProcess: false }),
  }))
  const server = await serveVitals(
    joinVitals(new Map(pipelines.map(({ config, vitals }) => [config.pipeline, vitals]))),
    address,
  )
  log.info({ address: server.url }, 'health and metrics served')
  const failures: unknown[] = []
  await Promise.all(
    pipelines.map(async (pipeline) => {
      try {
        await run(pipeline)
      } catch (thrown: unknown) {
        const error = toOutflowError(thrown)
        failures.push(error)
        pipeline.vitals.check('pipeline', 'running', () => ({ ok: false, detail: `it has failed: ${error.message}` }))
        log.error({ pipeline: pipeline.config.pipeline, error }, 'pipeline failed')
      }
    }),
  )
  await server.close()
  if (failures.length > 0) throw failures[0]
}
