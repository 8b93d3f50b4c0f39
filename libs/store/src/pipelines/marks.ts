import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** An event that explains a change of the scores. */
export interface Mark {
  readonly at: Date
  readonly kind: 'model' | 'drift' | 'health' | 'suppression'
  /** Id of the model that became active; chart of the drift; kind of the health event; id of the rule. */
  readonly subject: string
  /** promote or rollback; detail of the health event or of the rule; null: none. */
  readonly detail: string | null
}

/** Returns the events of a pipeline in a time range, newest first: changes of the active model, drift alarms, begun health events, new suppression rules. */
export async function marksBetween(
  db: Queryable,
  {
    pipeline,
    from,
    to,
    limit,
  }: { readonly pipeline: string; readonly from: Date; readonly to: Date; readonly limit: number },
): Promise<readonly Mark[]> {
  return run<Mark>(db, {
    name: 'marks_between',
    text: `
      select at, kind, subject, detail
      from (
        select pipeline, made_at as at, 'model' as kind, model_id as subject, action as detail from outflow.model_changes
        union all
        select pipeline, raised_at, 'drift', chart, null from outflow.drift_alarms
        union all
        select pipeline, begun_at, 'health', kind, detail from outflow.health_events
        union all
        select pipeline, created_at, 'suppression', id::text, why from outflow.suppressions
      ) as marks
      where pipeline = $1 and at >= $2 and at < $3
      order by at desc
      limit $4`,
    values: [pipeline, from, to, limit],
  })
}
