import type { Queryable } from './pool.js'
import type { OutboxMessage } from './write-batch.js'

export interface OutboxRow extends OutboxMessage {
  /** Place in the order of sending; grows in commit order. */
  readonly sequence: bigint
  readonly createdAt: Date
  readonly key: Buffer | null
  readonly payload: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
}

/**
 * Numbers the pipeline's new rows in commit order, then gives its first rows. To be called by the leader only.
 *
 * @param options.maxBytes  stops before the row that would pass it, but always gives one row
 */
export function takeOutbox(
  db: Queryable,
  options: { readonly pipeline: string; readonly limit: number; readonly maxBytes?: number },
): Promise<readonly OutboxRow[]> {
  throw new Error(`not built yet ${db} ${options}`)
}

/**
 * Deletes the pipeline's rows up to and with `sequence`; they were sent.
 *
 * @returns how many were deleted
 * @throws {OutboxRewound} when this database never numbered a row that high
 */
export function deleteOutboxThrough(db: Queryable, pipeline: string, sequence: bigint): Promise<number> {
  throw new Error(`not built yet ${db} ${pipeline} ${sequence}`)
}

/** Gives how many rows wait, and since when the oldest does. */
export function outboxDepth(
  db: Queryable,
  pipeline: string,
): Promise<{ readonly rows: number; readonly oldest: Date | null }> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}

/**
 * Gives this database's own id, made by its first migration: 8 hex digits. It goes into the relay's group name, so that
 * a fresh database beside an old broker does not inherit the old one's position.
 */
export function databaseId(db: Queryable): Promise<string> {
  throw new Error(`not built yet ${db}`)
}
