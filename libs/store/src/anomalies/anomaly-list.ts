import type { Position, Reason, Severity } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { type RowOf, run } from '../connection/statement.js'
import type { Verdict } from './verdicts.js'

/** An anomaly as a line of a list: without its record and all but the first words of its reasons. */
export interface AnomalyLine extends Position {
  readonly pipeline: string
  readonly recordTime: Date
  readonly eventTime: Date
  readonly detectedAt: Date
  readonly entityKey: string | null
  readonly nll: number
  readonly pValue: number
  readonly severity: Severity
  readonly modelId: string
  /** Text of the reason with the most bits; null where it was stored without reasons. */
  readonly topReason: string | null
  /** Field and bits of each reason, the most bits first. */
  readonly fields: readonly FieldBits[]
  /** The last that was given; null: none. */
  readonly verdict: Verdict | null
}

/** A field that makes a record an anomaly, and by how much. */
export type FieldBits = Pick<Reason, 'field' | 'bits'>

interface AnomalyFilter {
  readonly pipeline: string
  /** Kafka's record time: from ≤ t < to. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly key?: string | undefined
  /** The field of the main reason. */
  readonly field?: string | undefined
  readonly severity?: Severity | undefined
  readonly modelId?: string | undefined
  /** The last one given; `none`: there is none. */
  readonly verdict?: Verdict | 'none' | undefined
  /** p ≤ that. */
  readonly maxPValue?: number | undefined
  /** Somewhere in the record's text or in the key, whatever its case. */
  readonly text?: string | undefined
}

/** End of a page; the next one begins after it, independent of rows added meanwhile. */
export interface AnomalyCursor extends Position {
  readonly pValue: number
  /** To the microsecond, as Postgres writes it. */
  readonly recordTime: string
}

interface AnomalyPage {
  readonly items: readonly AnomalyLine[]
  /** null: the last page. */
  readonly next: AnomalyCursor | null
}

interface AnomalyListOptions extends AnomalyFilter {
  /** time: the newest record first; surprise: the smallest p-value first, of equal ones the newest. */
  readonly sort: 'time' | 'surprise'
  readonly limit: number
  readonly after?: AnomalyCursor | null | undefined
}

/** Returns a page of a pipeline's anomalies. To be run in a read-only transaction, which plans for the values at hand. */
export async function listAnomalies(db: Queryable, listing: AnomalyListOptions): Promise<AnomalyPage> {
  const values: unknown[] = []
  const place = (value: unknown): string => `$${values.push(value)}`
  const conditions = [...filterOf(listing, place), ...(listing.after ? behind(listing.after, listing.sort, place) : [])]
  const order = `${listing.sort === 'surprise' ? '(- p_value) desc, ' : ''}record_time desc, topic desc, partition desc, "offset" desc`
  const rows = await run<AnomalyLineRow>(db, {
    name: '',
    // The limit within: verdicts are looked up for the page alone.
    text: `
      select ${LINE_COLUMNS}
      from (
        select *
        from outflow.anomalies as anomaly
        where ${conditions.join('\n          and ')}
        order by ${order}
        limit ${place(listing.limit + 1)}
      ) as anomaly
      ${LAST_VERDICT}
      order by ${order.replaceAll(/\b(topic|partition)\b|"offset"/g, 'anomaly.$&')}`,
    values,
  })
  const items = rows.slice(0, listing.limit)
  const last = rows.length > listing.limit ? items.at(-1) : undefined
  return { items: items.map(toLine), next: last === undefined ? null : cursorOf(last) }
}

/** Returns what was found in a pipeline since a moment, the newest first. */
export async function anomaliesDetectedSince(
  db: Queryable,
  { pipeline, since, limit }: { readonly pipeline: string; readonly since: Date; readonly limit: number },
): Promise<readonly AnomalyLine[]> {
  const rows = await run<AnomalyLineRow>(db, {
    name: 'anomalies_detected_since',
    text: `
      select ${LINE_COLUMNS}
      from outflow.anomalies as anomaly
      ${LAST_VERDICT}
      where anomaly.pipeline = $1 and detected_at >= $2
      order by detected_at desc
      limit $3`,
    values: [pipeline, since, limit],
  })
  return rows.map(toLine)
}

export type AnomalyLineRow = RowOf<AnomalyLine, { readonly offset: string; readonly recordTimeText: string }>

/** Of `outflow.anomalies as anomaly` joined with `LAST_VERDICT`. */
export const LINE_COLUMNS = `anomaly.pipeline, anomaly.topic, anomaly.partition, anomaly."offset", record_time as "recordTime",
       record_time::text as "recordTimeText", event_time as "eventTime", detected_at as "detectedAt", entity_key as "entityKey",
       nll, p_value as "pValue", severity, model_id as "modelId", reasons -> 0 ->> 'text' as "topReason", last.verdict,
       (select coalesce(json_agg(json_build_object('field', reason -> 'field', 'bits', reason -> 'bits') order by rank), '[]')
        from jsonb_array_elements(reasons) with ordinality as entry (reason, rank)) as fields`

export const LAST_VERDICT = `left join lateral (
        select verdict
        from outflow.verdicts as given
        where given.pipeline = anomaly.pipeline and given.topic = anomaly.topic
          and given.partition = anomaly.partition and given."offset" = anomaly."offset"
        order by id desc
        limit 1
      ) as last on true`

export function toLine({ recordTimeText: _recordTimeText, offset, ...row }: AnomalyLineRow): AnomalyLine {
  return { ...row, offset: BigInt(offset) }
}

function cursorOf({ topic, partition, offset, pValue, recordTimeText }: AnomalyLineRow): AnomalyCursor {
  return { pValue, recordTime: recordTimeText, topic, partition, offset: BigInt(offset) }
}

type Place = (value: unknown) => string

function filterOf(filter: AnomalyFilter, place: Place): string[] {
  const conditions = [`anomaly.pipeline = ${place(filter.pipeline)}`]
  const add = <T>(value: T | undefined, condition: (placed: string) => string): void => {
    if (value !== undefined) conditions.push(condition(place(value)))
  }
  add(filter.from, (from) => `record_time >= ${from}`)
  add(filter.to, (to) => `record_time < ${to}`)
  add(filter.key, (key) => `entity_key = ${key}`)
  add(filter.field, (field) => `(reasons -> 0 ->> 'field') = ${field}`)
  add(filter.severity, (severity) => `severity = ${severity}`)
  add(filter.modelId, (modelId) => `model_id = ${modelId}`)
  add(filter.maxPValue, (most) => `(- p_value) >= - ${most}::float8`)
  add(filter.text && likeText(filter.text), (text) => `(record::text ilike ${text} or entity_key ilike ${text})`)
  if (filter.verdict === 'none') {
    conditions.push(`not exists (
            select from outflow.verdicts as given
            where given.pipeline = anomaly.pipeline and given.topic = anomaly.topic
              and given.partition = anomaly.partition and given."offset" = anomaly."offset"
          )`)
  } else if (filter.verdict !== undefined) {
    // From the verdicts, which are few, to the anomalies: not the other way about.
    conditions.push(`(topic, partition, "offset") in (
            select topic, partition, "offset"
            from (
              select distinct on (topic, partition, "offset") topic, partition, "offset", verdict
              from outflow.verdicts
              where pipeline = ${place(filter.pipeline)}
              order by topic, partition, "offset", id desc
            ) as latest
            where verdict = ${place(filter.verdict)}
          )`)
  }
  return conditions
}

/** The row comparison finds the place; the bound before it, which it implies, leaves whole partitions out. */
function behind(after: AnomalyCursor, sort: AnomalyListOptions['sort'], place: Place): string[] {
  const time = `${place(after.recordTime)}::timestamptz`
  const rest = `${place(after.topic)}::text, ${place(after.partition)}::int, ${place(after.offset)}::bigint`
  const columns = 'record_time, anomaly.topic, anomaly.partition, anomaly."offset"'
  if (sort === 'time') return [`record_time <= ${time}`, `(${columns}) < (${time}, ${rest})`]
  const surprise = `(- ${place(after.pValue)}::float8)`
  return [`(- p_value) <= ${surprise}`, `((- p_value), ${columns}) < (${surprise}, ${time}, ${rest})`]
}

/** `%`, `_` and `\` of the text stand for themselves. */
const likeText = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
