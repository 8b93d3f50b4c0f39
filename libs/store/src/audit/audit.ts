import { plainText } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { run, runValue } from '../connection/statement.js'

/** A requested action and its author. */
export interface AuditEntry {
  readonly actor: string
  readonly role: string
  readonly authentication: 'none' | 'token' | 'oidc'
  /** Such as `promote`. */
  readonly action: string
  readonly pipeline: string | null
  /** The object of the action: an anomaly, a model, a rule. */
  readonly target: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** Stores a requested action before it is done. @returns the entry's id */
export async function beginAudit(db: Queryable, entry: AuditEntry): Promise<string> {
  return runValue(db, {
    name: 'begin_audit',
    text: `
      insert into outflow.audit (actor, role, authentication, action, pipeline, target, detail)
      values ($1, $2, $3, $4, $5, $6, $7)
      returning id::text`,
    values: [
      plainText(entry.actor),
      entry.role,
      entry.authentication,
      entry.action,
      entry.pipeline && plainText(entry.pipeline),
      entry.target && plainText(entry.target),
      jsonbText(entry.detail),
    ],
  })
}

/** Stores the outcome of the action. @param end.problem  why it was not done; null if it was */
export async function endAudit(
  db: Queryable,
  end: { readonly id: string; readonly outcome: 'done' | 'failed' | 'denied'; readonly problem: string | null },
): Promise<void> {
  await run(db, {
    name: 'end_audit',
    text: 'update outflow.audit set outcome = $2, problem = $3 where id = $1',
    values: [end.id, end.outcome, end.problem && plainText(end.problem)],
  })
}
