import { toOutflowError } from '@outflow/errors'
import type { Pool } from '@outflow/store'
import { type AuditEntry, beginAudit, endAudit } from '@outflow/store/audit'
import type { Session } from '../api/index.js'

/** What a request does; it may have no pipeline, target or detail. */
export type Act = Pick<AuditEntry, 'action'> & Partial<Pick<AuditEntry, 'pipeline' | 'target' | 'detail'>>

/**
 * Runs an action with a row in the audit log, which is written before the action and updated with its outcome.
 *
 * @throws the error of the action, or of the audit log: then the action does not run
 */
export async function withAudit<T>(pool: Pool, user: Session, act: Act, action: () => Promise<T>): Promise<T> {
  const id = await beginAudit(pool, entryOf(user, act))
  const result = await action().catch(async (thrown: unknown) => {
    await endAudit(pool, { id, outcome: 'failed', problem: toOutflowError(thrown).message }).catch(() => {})
    throw thrown
  })
  await endAudit(pool, { id, outcome: 'done', problem: null })
  return result
}

/** Stores a request that the role of the user does not allow. */
export async function noteDenied(pool: Pool, user: Session, act: Act, problem: string): Promise<void> {
  const id = await beginAudit(pool, entryOf(user, act))
  await endAudit(pool, { id, outcome: 'denied', problem })
}

function entryOf({ name: actor, role, authentication }: Session, act: Act): AuditEntry {
  return { pipeline: null, target: null, detail: {}, ...act, actor, role, authentication }
}
