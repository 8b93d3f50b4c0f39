import type { Config } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'

/** Hands an open pool to `use` and closes it. */
export async function withStore<T>(url: string, use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(url, { max: 2, applicationName: 'outflow cli' })
  try {
    return await use(pool)
  } finally {
    await pool.end()
  }
}

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
  return withStore(config.postgres.url, (pool) => use(pool, config))
}

/** Host and database of a connection URL, without what is secret in it. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
