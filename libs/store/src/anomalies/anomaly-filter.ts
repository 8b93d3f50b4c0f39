import { includesEnd, type Severity } from '@outflow/contracts'
import type { Verdict } from '@outflow/contracts/verdict'

/** Selects anomalies of a pipeline; undefined does not restrict. */
export interface AnomalyFilter {
  readonly pipeline: string
  /** Kafka's record time: from ≤ t < to; the latest time of all as `to` includes it. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  /** Longest time since the row was written, ms, by Postgres's clock. */
  readonly detectedWithinMs?: number | undefined
  readonly key?: string | undefined
  /** The field of the main reason. */
  readonly field?: string | undefined
  readonly severity?: Severity | undefined
  readonly modelId?: string | undefined
  /** The latest verdict; `none`: there is none. */
  readonly verdict?: Verdict | 'none' | undefined
  /** Largest p-value. */
  readonly maxPValue?: number | undefined
  /** Contained in the record's text or in the key, ignoring case. */
  readonly text?: string | undefined
}

/** Adds a value to a statement's parameters and returns its placeholder, such as `$3`. */
export type Place = (value: unknown) => string

const IS_GIVEN = `given.pipeline = anomaly.pipeline and given.topic = anomaly.topic
              and given.partition = anomaly.partition and given."offset" = anomaly."offset"`

/** The latest verdict on a row named `anomaly`. */
export const LATEST_VERDICT = `(
            select verdict from outflow.verdicts as given
            where ${IS_GIVEN}
            order by given.id desc
            limit 1
          )`

/** Returns a filter's conditions on rows of `outflow.anomalies as anomaly`. */
export function filterOf(filter: AnomalyFilter, place: Place): string[] {
  const pipeline = place(filter.pipeline)
  const conditions = [`anomaly.pipeline = ${pipeline}`]
  const add = <T>(value: T | undefined, condition: (placed: string) => string): void => {
    if (value !== undefined) conditions.push(condition(place(value)))
  }
  add(filter.from, (from) => `record_time >= ${from}`)
  if (filter.to !== undefined) conditions.push(`record_time ${includesEnd(filter.to) ? '<=' : '<'} ${place(filter.to)}`)
  add(filter.detectedWithinMs, (ms) => `detected_at >= now() - ${ms} * interval '1 ms'`)
  add(filter.key, (key) => `entity_key = ${key}`)
  add(filter.field, (field) => `main_field = ${field}`)
  add(filter.severity, (severity) => `severity = ${severity}`)
  add(filter.modelId, (modelId) => `model_id = ${modelId}`)
  add(filter.maxPValue, (most) => `(- p_value) >= - ${most}::float8`)
  add(filter.text ? likeTexts(filter.text) : undefined, (texts) => {
    const found = `ilike any (${texts}::text[])`
    return `(record::text ${found} or entity_key ${found})`
  })
  if (filter.verdict === 'none') {
    conditions.push(`not exists (select from outflow.verdicts as given where ${IS_GIVEN})`)
  } else if (filter.verdict !== undefined) {
    const verdict = place(filter.verdict)
    // The times of the verdicts, which are few, find the anomalies by an index: a join would read all anomalies.
    conditions.push(
      `record_time = any (array(select record_time from outflow.verdicts where pipeline = ${pipeline} and verdict = ${verdict}))`,
      `${LATEST_VERDICT} = ${verdict}`,
    )
  }
  return conditions
}

/** Returns the patterns of a text as it is typed, and as a string of JSON, where `"` and `\` are escaped. `%`, `_` and `\` match themselves. */
const likeTexts = (text: string): string[] =>
  [...new Set([text, JSON.stringify(text).slice(1, -1)])].map((each) => `%${each.replaceAll(/[\\%_]/g, '\\$&')}%`)
