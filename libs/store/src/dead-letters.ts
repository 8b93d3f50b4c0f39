import type { RejectionReason } from '@outflow/contracts'
import type { Queryable } from './pool.js'

/** Gives how many records of the pipeline were set aside, by reason; exact after any crash. */
export function rejectedByReason(
  db: Queryable,
  pipeline: string,
): Promise<Readonly<Partial<Record<RejectionReason, number>>>> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}
