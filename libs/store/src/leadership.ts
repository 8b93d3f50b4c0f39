import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailable } from './errors.js'
import { type Client, type Pool, withClient } from './pool.js'
import { run } from './statement.js'

export interface Leadership {
  /** The connection that holds the lock. */
  readonly client: Client
  /** Aborts when the connection, and so the lock, is lost, or when the caller's signal does. */
  readonly signal: AbortSignal
}

/**
 * Waits until this process holds the advisory lock `name`, then runs `lead`; the lock is freed when `lead` settles.
 *
 * @param options.retryMs  how often a lock held elsewhere is tried again; default 1,000
 * @returns what `lead` gave, or null when the signal aborted before the lock was held
 * @throws {StoreUnavailable} when the connection was lost, once `lead` has settled
 */
export function withLeadership<T>(
  pool: Pool,
  name: string,
  lead: (leadership: Leadership) => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly retryMs?: number } = {},
): Promise<T | null> {
  const { signal = new AbortController().signal, retryMs = 1_000 } = options
  return withClient(pool, async (client) => {
    const lost = new AbortController()
    const onError = (cause: Error) =>
      lost.abort(new StoreUnavailable(`the connection that holds the lock ${name} broke`, { cause }))
    client.on('error', onError)
    try {
      await client.query(NOTICED_SOON)
      while (!(await tryLock(client, name))) {
        await sleep(retryMs, undefined, { signal }).catch(() => {})
        if (signal.aborted) return null
      }
      try {
        const result = await lead({ client, signal: AbortSignal.any([lost.signal, signal]) })
        lost.signal.throwIfAborted()
        return result
      } finally {
        if (!lost.signal.aborted) await unlock(client, name)
      }
    } finally {
      client.off('error', onError)
    }
  })
}

/** A machine without power says no goodbye: Postgres is to miss it, and free its lock, within ten seconds instead of two hours. */
const NOTICED_SOON = 'set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3'

async function tryLock(client: Client, name: string): Promise<boolean> {
  const [attempt] = await run<{ held: boolean }>(client, {
    name: 'try_lock',
    text: 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    values: [name],
  })
  return attempt!.held
}

async function unlock(client: Client, name: string): Promise<void> {
  await run(client, {
    name: 'unlock',
    text: 'select pg_advisory_unlock(hashtextextended($1, 0))',
    values: [name],
  })
}
