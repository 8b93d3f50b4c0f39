import type { Position, Reason } from '@outflow/contracts'
import type { Step } from '@outflow/contracts/feature'
import type { Queryable } from '../connection/pool.js'
import { hasRows, placeholders, run } from '../connection/statement.js'
import type { StoredAnomaly } from './anomalies.js'
import { type AnomalyFilter, filterOf, LATEST_VERDICT, type Place } from './anomaly-filter.js'

/** An anomaly for a list: without its record, and with only the beginning of its reasons. */
export interface AnomalyLine
  extends Position,
    Pick<
      StoredAnomaly,
      'pipeline' | 'detectedAt' | 'entityKey' | 'nll' | 'pValue' | 'severity' | 'modelId' | 'provisional' | 'verdict'
    > {
  readonly recordTime: Date
  readonly eventTime: Date
  /** Text of the main reason, or why there is none; null until the anomaly is explained. */
  readonly topReason: string | null
  /** Field and bits of each reason, in descending order of bits. */
  readonly fields: readonly FieldBits[]
}

/** A field's contribution to an anomaly. */
export type FieldBits = Pick<Reason, 'field' | 'bits'>

/** The last row of a page; the next page begins after it, unaffected by rows added meanwhile. */
type AnomalyCursor = Pick<AnomalyLine, keyof Position | 'pValue' | 'recordTime'>

/** An anomaly with some values of its record. */
interface AnomalyRow extends AnomalyLine {
  /** The values at the requested paths as text, cut at 200 characters; null: the record has none. */
  readonly values: readonly (string | null)[]
}

interface AnomalyListOptions extends AnomalyFilter {
  /** time: newest record first; bits: smallest p-value first, then newest. */
  readonly sort: 'time' | 'bits'
  readonly limit: number
  readonly after?: AnomalyCursor | null | undefined
  /** Paths into the record. Default: none. */
  readonly values?: readonly (readonly Step[])[]
}

/** Returns a page of a pipeline's anomalies; next is null on the last page. Run it in `withReadOnlyTransaction`, which plans for the actual parameter values. */
export async function listAnomalies(db: Queryable, options: AnomalyListOptions) {
  const listing = options.modelId === undefined ? options : { ...options, ...(await spanOfModel(db, options)) }
  const { values, place } = placeholders()
  const start = listing.after ? behind(listing.after, listing.sort, place) : firstOf(listing, place)
  const conditions = [...filterOf(listing, place), ...start]
  const order = `${listing.sort === 'bits' ? '(- p_value) desc, ' : ''}record_time desc, topic desc, partition desc, "offset" desc`
  const chosen = (listing.values ?? []).map((steps) => `left(record #>> ${place(steps.map(String))}::text[], 200)`)
  const rows = await run<AnomalyRow>(db, {
    name: '',
    // The limit is in the subquery, so that verdicts are looked up only for the page.
    text: `
      select pipeline, topic, partition, "offset", record_time as "recordTime", event_time as "eventTime",
             detected_at as "detectedAt", entity_key as "entityKey", nll, p_value as "pValue", severity, model_id as "modelId",
             provisional, coalesce(reasons -> 0 ->> 'text', unexplainable) as "topReason", (
               select coalesce(json_agg(json_build_object('field', reason -> 'field', 'bits', reason -> 'bits') order by rank), '[]')
               from jsonb_array_elements(reasons) with ordinality as entry (reason, rank)
             ) as fields, ${LATEST_VERDICT} as verdict, array[${chosen.join(', ')}]::text[] as values
      from (
        select *
        from outflow.anomalies as anomaly
        where ${conditions.join('\n          and ')}
        order by ${order}
        limit ${place(listing.limit + 1)}
      ) as anomaly
      order by ${order}`,
    values,
  })
  const items = rows.slice(0, listing.limit)
  return { items, next: rows.length > listing.limit ? items.at(-1)! : null }
}

/** The part of a filter's span in which its model has anomalies: in the order of a list, Postgres would read the days without any to their end. */
async function spanOfModel(db: Queryable, { pipeline, modelId, from, to }: AnomalyFilter) {
  const { values, place } = placeholders()
  const [span] = await run<{ from: Date; last: Date }>(db, {
    name: '',
    // Without `group by`, the minimum would be searched in that order, too.
    text: `
      select min(record_time) as from, max(record_time) as last
      from outflow.anomalies as anomaly
      where ${filterOf({ pipeline, modelId, from, to }, place).join(' and ')}
      group by pipeline`,
    values,
  })
  // Without any, the empty span selects no day: the list would otherwise read all of them.
  return span ? { from: span.from, to: new Date(span.last.getTime() + 1) } : { from: new Date(0), to: new Date(0) }
}

/** Returns whether a filter selects more anomalies than `most`. Run it in `withReadOnlyTransaction`, like `listAnomalies`. */
export async function hasMoreAnomalies(db: Queryable, filter: AnomalyFilter, most: number): Promise<boolean> {
  const { values, place } = placeholders()
  return hasRows(db, {
    name: '',
    text: `
      select 1
      from outflow.anomalies as anomaly
      where ${filterOf(filter, place).join(' and ')}
      offset ${place(most)} limit 1`,
    values,
  })
}

/** The row comparison continues after the cursor; the redundant bound before it lets Postgres skip whole partitions. */
function behind(after: AnomalyCursor, sort: AnomalyListOptions['sort'], place: Place): string[] {
  const time = `${place(after.recordTime)}::timestamptz`
  const rest = `${place(after.topic)}::text, ${place(after.partition)}::int, ${place(after.offset)}::bigint`
  const columns = 'record_time, anomaly.topic, anomaly.partition, anomaly."offset"'
  if (sort === 'time') return [`record_time <= ${time}`, `(${columns}) < (${time}, ${rest})`]
  const surprise = `(- ${place(after.pValue)}::float8)`
  return [`(- p_value) <= ${surprise}`, `((- p_value), ${columns}) < (${surprise}, ${time}, ${rest})`]
}

/** A redundant bound, which an index alone finds: without it, the rows of all higher severities are read before the first one. */
function firstOf({ pipeline, severity, from, to, sort }: AnomalyListOptions, place: Place): string[] {
  if (sort === 'time' || severity === undefined) return []
  const ofSeverity = filterOf({ pipeline, severity, from, to }, place).join(' and ')
  return [`(- p_value) <= (select max(- p_value) from outflow.anomalies as anomaly where ${ofSeverity})`]
}
