import type { RejectionReason } from '@outflow/contracts'
import type { Queryable } from './pool.js'
import { run } from './statement.js'

/** Gives how many records of the pipeline were set aside, by reason: exact, as far back as statistics are kept. */
export async function rejectedByReason(
  db: Queryable,
  pipeline: string,
): Promise<Readonly<Partial<Record<RejectionReason, number>>>> {
  const rows = await run<{ reason: RejectionReason; rejected: string }>(db, {
    name: 'rejected_by_reason',
    text: `
      select reason, sum(rejected) as rejected
      from outflow.rejection_statistics
      where pipeline = $1
      group by reason
      order by reason`,
    values: [pipeline],
  })
  return Object.fromEntries(rows.map(({ reason, rejected }) => [reason, Number(rejected)]))
}
