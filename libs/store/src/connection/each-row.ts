import type { QueryResultRow } from 'pg'
import { type Pool, withTransaction } from './pool.js'
import { run, type Statement } from './statement.js'

/**
 * Hands the rows of a query to `take`, some at a time: the next are read when it resolves. All are of one moment, whatever is
 * written meanwhile.
 *
 * @param query   a select
 * @param atOnce  rows that are in memory together
 * @returns how many there were
 */
export function eachRow<Row extends QueryResultRow>(
  pool: Pool,
  query: Statement,
  atOnce: number,
  take: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  return withTransaction(pool, async (client) => {
    await run(client, { ...query, text: `declare walked no scroll cursor for ${query.text}` })
    let count = 0
    for (;;) {
      // `fetch` takes no parameters.
      const rows = await run<Row>(client, {
        name: `fetch_${atOnce}`,
        text: `fetch ${Math.trunc(atOnce)} from walked`,
        values: [],
      })
      if (rows.length === 0) return count
      count += rows.length
      await take(rows)
    }
  })
}
