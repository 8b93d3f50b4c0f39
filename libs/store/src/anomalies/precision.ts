import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** Share of the anomalies with a verdict that are confirmed, in a group, with its 95 % interval. */
interface GroupPrecision {
  readonly groupedBy: 'week' | 'field' | 'severity' | 'model'
  readonly value: string
  readonly confirmed: number
  readonly falseAlarms: number
  readonly expected: number
  readonly precision: number
  readonly lower: number
  readonly upper: number
}

/** More groups of a kind are not returned: the latest weeks, and otherwise those with the most verdicts. */
const MOST_GROUPS = 50

/** Returns the precision of a pipeline by week, the latest first, and by field, severity and model, the most verdicts first. */
export function precisionOf(db: Queryable, pipeline: string): Promise<readonly GroupPrecision[]> {
  return run<GroupPrecision>(db, {
    name: 'precision_of',
    text: `
      select grouped_by as "groupedBy", value, confirmed::float8 as confirmed, false_alarms::float8 as "falseAlarms",
             expected::float8 as expected, precision, precision_lower as lower, precision_upper as upper
      from (
        select *, row_number() over (
          partition by grouped_by order by case grouped_by when 'week' then value end desc, judged desc, value
        ) as place
        from analyst.precision
        where pipeline = $1
      ) as groups
      where place <= $2
      order by grouped_by, place`,
    values: [pipeline, MOST_GROUPS],
  })
}
