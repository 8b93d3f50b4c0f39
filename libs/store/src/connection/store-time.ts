import type { Queryable } from './pool.js'
import { epochMs, runValue } from './statement.js'

/** Returns Postgres's time, whole epoch ms; stored times are of that clock. */
export async function storeTime(db: Queryable): Promise<number> {
  const ms = await runValue<number>(db, {
    name: 'store_time',
    text: `select ${epochMs('now()')} as ms`,
  })
  return Math.floor(ms)
}
