import pg from 'pg'
import { StoreUnavailable, toStoreError } from './errors.js'

export type Pool = pg.Pool
export type Client = pg.PoolClient
/** The pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

interface PoolOptions {
  /** Maximum number of connections; default 10. */
  readonly max?: number
  /** application_name in pg_stat_activity; default `outflow`. */
  readonly applicationName?: string
  /** Called when an idle connection breaks, but once until the pool has connected again. */
  readonly onError?: (error: StoreUnavailable) => void
}

// A Date is sent in UTC: pg writes local offsets in minutes, and those before 1900 or so have seconds.
pg.defaults.parseInputDatesAsUTC = true

const CONNECT_TIMEOUT_MS = 5_000
// Far above the duration of any statement here; a hung disk or an abandoned lock becomes an error that is retried.
const STATEMENT_TIMEOUT_MS = 30_000
// Slightly above the statement timeout, so that it fires only if the server does not respond, as on a dead network path.
const ANSWER_TIMEOUT_MS = 35_000

/**
 * Settings that a server, database or role may have changed. pg reads times in ISO form only, others become null. A transaction whose commit
 * need not be on disk states so itself; without the others, a crash of Postgres would lose the numbers of sent alerts.
 */
const OWN_SETTINGS = `set DateStyle = 'ISO';
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`

/** For a session that may have no statement for hours: a server, database or role can have a timeout that would end it. */
export const STAY_IDLE = 'set idle_session_timeout = 0'

/** Creates a pool, which connects on the first statement. Close it with `pool.end()`. */
export function openPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'outflow',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    onConnect: (client) => client.query(OWN_SETTINGS),
  })
  let isLost = false
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (cause) => {
    if (isLost) return
    isLost = true
    options.onError?.(
      new StoreUnavailable(`an idle connection to Postgres broke: ${cause.message}; the pool replaces it`, { cause }),
    )
  })
  // While neither the pool nor a borrower listens, an error during the greeting, or on a discarded connection, would end the process
  // too. The next statement reports it.
  pool.on('connect', (client) => {
    isLost = false
    client.on('error', () => {})
  })
  return pool
}

/**
 * Whether a pooler, such as PgBouncer, keeps sessions of Postgres open after their connection has closed. A leader that
 * crashes would then keep its leadership.
 *
 * @throws {StoreUnavailable | StoreRefused} like `withClient`
 */
export async function isPooled(url: string): Promise<boolean> {
  const own = 'select pid, backend_start::text from pg_stat_activity where pid = pg_backend_pid()'
  const sessions: string[] = []
  for (let connection = 0; connection < 2; connection += 1) {
    const pool = openPool(url, { max: 1 })
    try {
      sessions.push(JSON.stringify((await withClient(pool, (client) => client.query(own))).rows))
    } finally {
      await pool.end()
    }
  }
  return sessions[0] === sessions[1]
}

/** Runs `act` with a connection of the pool. @throws {StoreUnavailable | StoreRefused} if none can be opened */
export async function withClient<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((thrown: unknown) => {
    throw toStoreError(thrown)
  })
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

/**
 * Runs `act` in one transaction on a connection of the pool: commits when it resolves, rolls back when it rejects.
 *
 * @throws {StoreUnavailable | StoreRefused} for errors of pg; other errors of `act` unchanged
 */
export function withTransaction<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  return withClient(pool, (client) => inTransaction(client, () => act(client)))
}

/**
 * Runs the queries of a reader in one read-only transaction, with a timeout of five seconds a statement, and plans for the actual
 * parameter values instead of generic ones.
 *
 * @throws {StoreUnavailable | StoreRefused} like `withTransaction`; a statement that timed out is refused
 */
export function withReadOnlyTransaction<T>(pool: Pool, act: (client: Client) => Promise<T>): Promise<T> {
  return withClient(pool, (client) => inTransaction(client, () => act(client), BEGIN_READING))
}

// A person waits for the result; a query that takes longer has to be repeated for a shorter time range.
const READER_TIMEOUT_MS = 5_000

// JIT compilation of the sums over 128 buckets would take longer than the sums.
const BEGIN_READING = [
  'begin read only',
  `set local statement_timeout = ${READER_TIMEOUT_MS}`,
  'set local plan_cache_mode = force_custom_plan',
  'set local jit = off',
].join('; ')

/**
 * Runs `act` in one transaction on the given connection, so that a lock of that session and the transaction are lost together.
 *
 * @throws {StoreUnavailable | StoreRefused} for errors of pg; other errors of `act` unchanged
 */
export async function inTransaction<T>(client: Client, act: () => Promise<T>, begin = 'begin'): Promise<T> {
  await client.query(begin)
  try {
    const result = await act()
    await client.query('commit')
    return result
  } catch (thrown: unknown) {
    // withClient closes a connection that cannot roll back, and Postgres then rolls back.
    await client.query('rollback').catch((rollbackError: Error) => client.emit('error', rollbackError))
    throw toStoreError(thrown)
  }
}
