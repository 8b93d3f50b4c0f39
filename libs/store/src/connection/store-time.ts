import type { Queryable } from './pool.js'
import { epochMs, runOne } from './statement.js'

/** Returns Postgres's time, whole epoch ms; stored times are of that clock. */
export async function storeTime(db: Queryable): Promise<number> {
  const row = await runOne<{ ms: number }>(db, {
    name: 'store_time',
    text: `select ${epochMs('now()')} as ms`,
    values: [],
  })
  return Math.floor(row.ms)
}
