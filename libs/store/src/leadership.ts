import type { Client, Pool } from './pool.js'

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
 * @throws {StoreUnavailable} when the connection was lost
 */
export function withLeadership<T>(
  pool: Pool,
  name: string,
  lead: (leadership: Leadership) => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly retryMs?: number } = {},
): Promise<T | null> {
  throw new Error(`not built yet ${pool} ${name} ${lead} ${options}`)
}
