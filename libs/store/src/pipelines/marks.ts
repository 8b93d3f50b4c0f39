import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** Events of one kind that explain a change of the scores, close to each other; its fields are those of the newest. */
interface Mark {
  readonly at: Date
  readonly kind: 'model' | 'drift' | 'health' | 'suppression'
  /** Id of the model that became active; chart of the drift; kind of the health event; id of the rule. */
  readonly subject: string
  /** promote or rollback; detail of the health event or of the rule; null: none. */
  readonly detail: string | null
  /** Number of events. */
  readonly count: number
  /** Of the oldest. */
  readonly firstAt: Date
}

/** Number of equal parts of the range, more than fit side by side on a time axis; events of one kind in the same part are one mark. */
const PARTS = 100

/** Returns the events of a pipeline in a time range, newest first: changes of the active model, drift alarms, begun health events, new suppression rules. */
export async function marksBetween(
  db: Queryable,
  { pipeline, from, to }: { readonly pipeline: string; readonly from: Date; readonly to: Date },
): Promise<readonly Mark[]> {
  return run<Mark>(db, {
    name: 'marks_between',
    text: `
      select distinct on (part, kind) at, kind, subject, detail,
             count(*) over same::int as count, min(at) over same as "firstAt"
      from (
        select *, width_bucket(extract(epoch from at), extract(epoch from $2::timestamptz), extract(epoch from $3::timestamptz), $4) as part
        from (
          select pipeline, made_at as at, 'model' as kind, model_id as subject, action as detail from outflow.model_changes
          union all
          select pipeline, raised_at, 'drift', chart, null from outflow.drift_alarms
          union all
          select pipeline, begun_at, 'health', kind, detail from outflow.health_events
          union all
          select pipeline, created_at, 'suppression', id::text, why from outflow.suppressions
        ) as events
        where pipeline = $1 and at >= $2 and at < $3
      ) as parted
      window same as (partition by part, kind)
      order by part desc, kind, at desc`,
    values: [pipeline, from, to, PARTS],
  })
}
