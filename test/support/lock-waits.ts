import type { Queryable } from '@outflow/store'

/** Number of sessions of the database that wait for a lock in a statement that contains the text. */
export async function lockWaits(db: Queryable, text = ''): Promise<number> {
  const { rowCount } = await db.query(
    `select from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
    [text],
  )
  return rowCount ?? 0
}
