import type { QueryResultRow } from 'pg'
import { type Pool, withTransaction } from './pool.js'
import { run, type Statement } from './statement.js'

/**
 * Passes the rows of a query to `take`, in batches; the next batch is read when `take` resolves. All rows are from one snapshot.
 *
 * @param query      a select
 * @param batchRows  rows in memory at a time
 * @returns how many there were
 */
export function eachRow<Row extends QueryResultRow>(
  pool: Pool,
  query: Statement,
  batchRows: number,
  take: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  return withTransaction(pool, async (client) => {
    await run(client, { ...query, text: `declare each_row no scroll cursor for ${query.text}` })
    let count = 0
    for (;;) {
      // `fetch` accepts no parameters.
      const rows = await run<Row>(client, {
        name: `fetch_${batchRows}`,
        text: `fetch ${Math.trunc(batchRows)} from each_row`,
        values: [],
      })
      if (rows.length === 0) return count
      count += rows.length
      await take(rows)
    }
  })
}
