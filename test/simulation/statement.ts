import type { Tables } from './tables.js'

/** Context of a statement, in addition to the tables. */
export interface StatementContext {
  readonly nowMs: number
  /** The session that runs the statement. */
  readonly session: number
  readonly isOpen: (session: number) => boolean
  /** The next id of an outbox row. As in Postgres it is assigned before the commit, and not reused after a rollback. */
  readonly nextOutboxId: () => bigint
  /** The next id of a row of another table. */
  readonly nextId: () => bigint
  /** Notifies a channel at the commit. */
  readonly notify: (channel: string) => void
}

export type Row = Record<string, unknown>
export type Execute = (tables: Tables, values: readonly never[], context: StatementContext) => readonly Row[]
