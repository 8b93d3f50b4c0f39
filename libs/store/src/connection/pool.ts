import pg from 'pg'
import { StoreUnavailable, toStoreError } from './errors.js'

export type Pool = pg.Pool
export type Client = pg.PoolClient
/** What a statement can be run on: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

interface PoolOptions {
  /** Connections at most; default 10. */
  readonly max?: number
  /** What pg_stat_activity shows; default `outflow`. */
  readonly applicationName?: string
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onError?: (error: StoreUnavailable) => void
}

const CONNECT_TIMEOUT_MS = 5_000
// Far above any statement here; a hung disk or a lock left behind then shows as an error that is retried.
const STATEMENT_TIMEOUT_MS = 30_000
// A little later than Postgres's own: it fires only when the server is silent, as behind a dead network path.
const ANSWER_TIMEOUT_MS = 35_000

/** Opens a pool of connections; nothing is connected before the first statement. Close it by `pool.end()`. */
export function openPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'outflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
  })
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (cause) =>
    options.onError?.(
      new StoreUnavailable(`an idle connection to Postgres broke: ${cause.message}; the pool replaces it`, { cause }),
    ),
  )
  // Between the pool's listener and the borrower's there is none; an error that comes with the greeting, or to a connection
  // that was thrown away, would end the process too. The next statement reports it.
  pool.on('connect', (client) => {
    client.on('error', () => {})
  })
  return pool
}

/** Lends a connection for as long as `act` takes. @throws {StoreUnavailable | StoreRefused} when none can be opened */
export async function withClient<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  // A borrowed connection that breaks between statements would end the process too.
  client.on('error', onError)
  try {
    return await act(client)
  } catch (thrown: unknown) {
    const error = toStoreError(thrown)
    if (error instanceof StoreUnavailable) broken ??= error
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

async function connect(pool: Pool): Promise<Client> {
  try {
    return await pool.connect()
  } catch (thrown: unknown) {
    throw toStoreError(thrown)
  }
}

/**
 * Runs `act` in one transaction on a connection of its own: commits when it resolves, rolls back when it rejects.
 *
 * @throws {StoreUnavailable | StoreRefused} whatever pg said, by its kind; an error of `act`'s own unchanged
 */
export function withTransaction<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  return withClient(pool, (client) => inTransaction(client, () => act(client)))
}

/**
 * Runs the queries of a reader: in one transaction that can change nothing, of which each statement ends after five seconds,
 * and which plans for the values at hand instead of for any.
 *
 * @throws {StoreUnavailable | StoreRefused} as `withTransaction`; a statement that took too long is refused
 */
export function withReadOnlyTransaction<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  return withClient(pool, (client) => inTransaction(client, () => act(client), BEGIN_READING))
}

// Somebody waits before a screen; what takes longer is to be asked for a shorter time.
const READER_TIMEOUT_MS = 5_000

// A sum for each of 128 buckets would take longer to compile than to add up.
const BEGIN_READING = [
  'begin read only',
  `set local statement_timeout = ${READER_TIMEOUT_MS}`,
  'set local plan_cache_mode = force_custom_plan',
  'set local jit = off',
].join('; ')

/**
 * Runs `act` in one transaction on a connection that was lent: what holds a lock by it loses both together.
 *
 * @throws {StoreUnavailable | StoreRefused} whatever pg said, by its kind; an error of `act`'s own unchanged
 */
export async function inTransaction<T>(client: Client, act: () => Promise<T>, begin = 'begin'): Promise<T> {
  await client.query(begin)
  try {
    const result = await act()
    await client.query('commit')
    return result
  } catch (thrown: unknown) {
    // A connection that cannot roll back is closed by whoever lent it, and Postgres rolls back.
    await client.query('rollback').catch((rollbackError: Error) => client.emit('error', rollbackError))
    throw toStoreError(thrown)
  }
}

/** A readiness check. @throws {StoreUnavailable | StoreRefused} when the database cannot be used */
export async function postgresCheck(pool: Pool): Promise<{ readonly ok: true; readonly detail: string }> {
  try {
    await pool.query('select 1')
  } catch (thrown: unknown) {
    throw toStoreError(thrown)
  }
  return { ok: true, detail: 'answered' }
}
