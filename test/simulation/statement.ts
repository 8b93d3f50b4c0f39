import type { Tables } from './tables.js'

/** What a statement may use in addition to the tables. */
export interface StatementContext {
  readonly nowMs: number
  /** The session that runs the statement. */
  readonly session: number
  readonly isOpen: (session: number) => boolean
  /** The next id of an outbox row; like Postgres's it is given before the commit, and not given again after a rollback. */
  readonly nextOutboxId: () => bigint
  /** The same of another table. */
  readonly nextId: () => bigint
  /** Notifies a channel, at the commit. */
  readonly notify: (channel: string) => void
}

export type Row = Record<string, unknown>
export type Execute = (tables: Tables, values: readonly never[], context: StatementContext) => readonly Row[]
