import type { Config } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import { listModels, type ModelSummary } from '@outflow/store/models'
import { UsageError } from './errors.js'

export interface PipelineOptions {
  readonly config: string
  readonly json?: true
}

/** Opens the store of a configuration, hands it to `use` and closes it. */
export async function withPipeline<T>(
  { config: path }: Pick<PipelineOptions, 'config'>,
  use: (pool: Pool, config: Config) => Promise<T>,
): Promise<T> {
  const config = await loadConfig(path)
  const pool = openPool(config.postgres.url, { max: 2, applicationName: 'outflow cli' })
  try {
    return await use(pool, config)
  } finally {
    await pool.end()
  }
}

/** Finds a pipeline's model. @throws {UsageError} when the id's beginning fits none, or several */
export async function modelBeginning(pool: Pool, pipeline: string, id: string): Promise<ModelSummary> {
  const found = (await listModels(pool, pipeline)).filter((model) => model.id.startsWith(id))
  if (found.length !== 1) {
    throw new UsageError(`${found.length || 'no'} models begin with ${id}; \`outflow models list\` lists them`)
  }
  return found[0]!
}

/** Host and database of a connection URL, without what is secret in it. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
