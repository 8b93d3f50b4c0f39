import { anomalyId, type Config } from '@outflow/contracts'
import { untilAllAnswer } from '@outflow/errors/retrying'
import { loadConfig } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import { anomalyAt, type StoredAnomaly } from '@outflow/store/anomalies'
import { listModels, type ModelSummary } from '@outflow/store/models'
import { UsageError } from './errors.js'
import type { AnomalyPlace } from './positions.js'

export interface PipelineOptions {
  readonly config: string
  readonly json?: true
}

/** Opens the store of a configuration, passes it to `use` and closes it. */
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

/**
 * Repeats a read while Postgres is unavailable.
 *
 * @param say  prints why it is unavailable; called once for each message
 * @returns null when the signal aborts
 */
export async function whenAvailable<T>(
  read: () => Promise<T>,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<T | null> {
  let result: T | null = null
  const readOnce = async () => {
    result = await read()
  }
  await untilAllAnswer([readOnce], { signal, onRetry: ({ message }) => say(message) })
  return result
}

/** Finds a model of a pipeline. @throws {UsageError} when no id begins so, or several do */
export async function modelBeginning(pool: Pool, pipeline: string, id: string): Promise<ModelSummary> {
  const found = (await listModels(pool, pipeline)).filter((model) => model.id.startsWith(id))
  if (found.length !== 1) {
    throw new UsageError(`${found.length || 'no'} models begin with ${id}; \`outflow models list\` lists them`)
  }
  return found[0]!
}

/** Returns the stored anomaly at a place. @throws {UsageError} when none is stored there */
export async function storedAnomaly(pool: Pool, { pipeline, position }: AnomalyPlace): Promise<StoredAnomaly> {
  const stored = await anomalyAt(pool, pipeline, position)
  if (stored !== null) return stored
  const id = anomalyId(pipeline, position)
  throw new UsageError(`no anomaly ${id} is stored; the view analyst.anomalies lists the stored ones`)
}

/** Host and database of a connection URL, without its secrets. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
