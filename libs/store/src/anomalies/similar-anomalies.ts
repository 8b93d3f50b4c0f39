import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { type AnomalyLine, type AnomalyLineRow, LAST_VERDICT, LINE_COLUMNS, toLine } from './anomaly-list.js'

/** Returns a pipeline's latest anomalies up to a record time that have the given main field. */
export async function anomaliesOfField(
  db: Queryable,
  of: { readonly pipeline: string; readonly field: string; readonly until: Date; readonly limit: number },
): Promise<readonly AnomalyLine[]> {
  const rows = await run<AnomalyLineRow>(db, {
    name: 'anomalies_of_field',
    text: `
      select ${LINE_COLUMNS}
      from outflow.anomalies as anomaly
      ${LAST_VERDICT}
      where anomaly.pipeline = $1 and main_field = $2 and record_time <= $3
      order by record_time desc
      limit $4`,
    values: [of.pipeline, of.field, of.until, of.limit],
  })
  return rows.map(toLine)
}
