import type pg from 'pg'
import type { StoreUnavailable } from './errors.js'

export type Pool = pg.Pool
export type Client = pg.PoolClient
/** What a statement can be run on: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

export interface PoolOptions {
  /** Connections at most; default 10. */
  readonly max?: number
  /** What pg_stat_activity shows; default `outflow`. */
  readonly applicationName?: string
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onError?: (error: StoreUnavailable) => void
}

/** Opens a pool of connections; nothing is connected before the first statement. Close it by `pool.end()`. */
export function openPool(url: string, options: PoolOptions = {}): Pool {
  throw new Error(`not built yet ${url} ${options}`)
}

/**
 * Runs `act` in one transaction: commits when it resolves, rolls back when it rejects.
 *
 * @throws {StoreUnavailable | StoreRefused} whatever pg said, by its kind; an error of `act`'s own unchanged
 */
export function withTransaction<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  throw new Error(`not built yet ${pool} ${act}`)
}

/** Asks for one row: rejects with `StoreUnavailable` or `StoreRefused` when the database can not be used. */
export function ping(pool: Pool): Promise<void> {
  throw new Error(`not built yet ${pool}`)
}
