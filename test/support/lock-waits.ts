import type { Pool, Queryable } from '@outflow/store'
import { onTestFinished } from 'vitest'

/** Number of sessions of the database that wait for a lock in a statement that contains the text. */
export async function lockWaits(db: Queryable, text = ''): Promise<number> {
  const { rowCount } = await db.query(
    `select from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
    [text],
  )
  return rowCount ?? 0
}

/** Holds the locks of a statement until the returned function commits, or the test ends. */
export async function heldBy(pool: Pool, statement: string, values: unknown[] = []): Promise<() => Promise<void>> {
  const client = await pool.connect()
  onTestFinished(async () => {
    await client.query('rollback')
    client.release()
  })
  await client.query('begin')
  await client.query(statement, values)
  return async () => void (await client.query('commit'))
}
