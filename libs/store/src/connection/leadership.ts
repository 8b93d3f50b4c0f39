import { keepTrying, pause } from '@outflow/errors/retrying'
import { StoreUnavailable } from './errors.js'
import { type Client, inTransaction, type Pool, type Queryable, STAY_IDLE, withClient } from './pool.js'
import { hasRows, run } from './statement.js'

export interface Leadership {
  /** The connection whose session is the leader. */
  readonly client: Client
  /** Aborts when the connection, and with it the leadership, is lost, or when the caller's signal aborts. */
  readonly signal: AbortSignal
}

/**
 * Waits until no other session is the leader of `name`, then runs `lead`; the leadership ends when `lead` settles, or with the session.
 *
 * A leadership is a row of `outflow.leaderships`, which readers of the database cannot lock, and is valid as long as the
 * session that wrote it exists. No transaction stays open, so vacuum is not blocked.
 *
 * @param options.retryMs    delay between attempts while another session is the leader; default 1,000
 * @param options.onStandby  called after each attempt while another session is the leader
 * @returns the result of `lead`, or null if the signal aborted before this session became the leader
 * @throws {StoreUnavailable} if the connection was lost, after `lead` has settled
 */
export function withLeadership<T>(
  pool: Pool,
  name: string,
  lead: (leadership: Leadership) => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly retryMs?: number; readonly onStandby?: () => void } = {},
): Promise<T | null> {
  const { signal = new AbortController().signal, retryMs = 1_000, onStandby } = options
  return withClient(pool, async (client) => {
    const lost = new AbortController()
    const onError = (cause: Error) =>
      lost.abort(new StoreUnavailable(`the connection that leads ${name} broke`, { cause }))
    client.on('error', onError)
    try {
      await client.query(`${KEEPALIVES}; ${STAY_IDLE}`)
      while (!(await tryToLead(client, name))) {
        onStandby?.()
        await pause(retryMs, signal)
        if (signal.aborted) return null
      }
      try {
        const result = await lead({ client, signal: AbortSignal.any([lost.signal, signal]) })
        lost.signal.throwIfAborted()
        return result
      } finally {
        if (!lost.signal.aborted) await stepDown(client, name)
      }
    } finally {
      client.off('error', onError)
    }
  })
}

/** Leads whenever no other session does, until the signal aborts; an error is retried as by `keepTrying`. */
export function keepLeading(
  pool: Pool,
  name: string,
  lead: (leadership: Leadership, progressed: () => void) => Promise<void>,
  options: Parameters<typeof keepTrying>[1],
): Promise<void> {
  const { signal } = options
  const leadOnce = (progressed: () => void) =>
    withLeadership(pool, name, (leadership) => lead(leadership, progressed), { signal, onStandby: progressed })
  return keepTrying(leadOnce, options)
}

/** Whether a session is the leader of `name`. */
export async function isLed(db: Queryable, name: string): Promise<boolean> {
  return hasRows(db, {
    name: 'is_led',
    text: `select from outflow.leaderships as held where name = $1 and ${SESSION_EXISTS}`,
    values: [name],
  })
}

/** With these keepalives Postgres ends the session of a machine that lost power within ten seconds instead of two hours. */
const KEEPALIVES = 'set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3'

/**
 * Whether the session in the row `held` exists. If `backend_start` of another role is hidden from this one, the session counts as
 * existing. A row restored into another database does not count.
 */
const SESSION_EXISTS = `exists (
  select from pg_stat_activity as session
  where session.pid = held.pid and session.datid = held.database_oid and held.database_oid = (
    select oid from pg_database where datname = current_database()
  ) and coalesce(session.backend_start = held.backend_start, true)
)`

/** Locks the row before it reads the sessions, so that it does not miss a session that has just become the leader. */
function tryToLead(client: Client, name: string): Promise<boolean> {
  return inTransaction(client, async () => {
    const isAdded = await hasRows(client, {
      name: 'begin_leadership',
      text: `
        insert into outflow.leaderships (name, database_oid, pid, backend_start)
        select $1, datid, pid, backend_start from pg_stat_activity where pid = pg_backend_pid()
        on conflict (name) do nothing
        returning name`,
      values: [name],
    })
    if (isAdded) return true
    await run(client, {
      name: 'lock_leadership',
      text: 'select from outflow.leaderships where name = $1 for update',
      values: [name],
    })
    // Postgres caches pg_stat_activity until the transaction ends.
    await run(client, { name: 'read_sessions_again', text: 'select pg_stat_clear_snapshot()', values: [] })
    return hasRows(client, {
      name: 'take_leadership',
      text: `
        update outflow.leaderships as held
        set database_oid = own.datid, pid = own.pid, backend_start = own.backend_start
        from pg_stat_activity as own
        where held.name = $1 and own.pid = pg_backend_pid() and not ${SESSION_EXISTS}
        returning held.name`,
      values: [name],
    })
  })
}

async function stepDown(client: Client, name: string): Promise<void> {
  await run(client, {
    name: 'end_leadership',
    text: 'delete from outflow.leaderships where name = $1 and pid = pg_backend_pid()',
    values: [name],
  })
}
