import type { Config } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import { joinVitals } from './join-vitals.js'
import type { Log } from './log.js'
import { serveVitals } from './serve-vitals.js'
import { makeVitals, type Vitals } from './vitals.js'

export interface Pipeline {
  readonly config: Config
  readonly vitals: Vitals
  readonly signal: AbortSignal
}

export interface PipelinesOptions {
  /** Each names another pipeline. */
  readonly configs: readonly Config[]
  readonly log: Log
  /** Where the health and the metrics of all are served. */
  readonly address: { readonly host: string; readonly port: number }
  readonly run: (pipeline: Pipeline) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Runs several pipelines in one process until the signal aborts. One that fails does not end the others: it is logged, and
 * /readyz names it and answers 503 from then on.
 *
 * @throws when all have ended, what the first one that failed threw
 * @throws {HealthAddressUnavailable} before any begins
 */
export async function runPipelines({ configs, log, address, run, signal }: PipelinesOptions): Promise<void> {
  const pipelines = configs.map((config) => ({
    config,
    vitals: makeVitals({ pipeline: config.pipeline }, { ofProcess: false }),
    signal,
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
