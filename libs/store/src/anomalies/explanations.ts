import {
  counterfactualSchema,
  type Explanation,
  formatPosition,
  type Position,
  reasonSchema,
  type StoredExplanation,
} from '@outflow/contracts'
import { z } from 'zod'
import { jsonColumn } from '../connection/json-column.js'
import type { Client, Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { arraysOf, run, runValue } from '../connection/statement.js'
import type { Anomaly } from './anomaly.js'

/** An anomaly whose reasons have not been computed yet. */
interface UnexplainedAnomaly
  extends Position,
    Required<Pick<Anomaly, 'record' | 'windowed' | 'nll' | 'pValue' | 'recalibrationId' | 'modelId'>> {
  readonly recordTime: Date
}

const readReasons = jsonColumn('outflow.anomalies.reasons', z.array(reasonSchema).readonly().nullable())
const readCounterfactual = jsonColumn('outflow.anomalies.counterfactual', counterfactualSchema.nullable())

interface ExplanationColumns {
  readonly reasons: unknown
  readonly counterfactual: unknown
}

/** Parses the JSON columns of an explanation. @param key  identifies the row in an error */
export function readExplanation(
  { reasons, counterfactual }: ExplanationColumns,
  key: string,
): Pick<StoredExplanation, 'reasons' | 'counterfactual'> {
  return { reasons: readReasons(reasons, key), counterfactual: readCounterfactual(counterfactual, key) }
}

const UNEXPLAINED = 'pipeline = $1::text and reasons is null and unexplainable is null'

/** Claims are limited to this many of the newest unexplained anomalies, the least likely first, so that a backlog does not delay new ones. */
const NEWEST = 1_000

/**
 * Claims anomalies without reasons until the transaction ends, the least likely first. Those claimed by another transaction are skipped.
 */
export async function claimUnexplained(
  client: Client,
  { pipeline, limit }: { readonly pipeline: string; readonly limit: number },
): Promise<readonly UnexplainedAnomaly[]> {
  return run<UnexplainedAnomaly>(client, {
    name: 'claim_unexplained',
    // Ordered by an expression, because a plan that is made while there are few anomalies would read all in the order of the index by nll.
    text: `
      select topic, partition, "offset", record_time as "recordTime", record, windowed, nll, p_value as "pValue",
             recalibration_id as "recalibrationId", model_id as "modelId"
      from outflow.anomalies
      where ${UNEXPLAINED}
        and detected_at >= coalesce((
          select detected_at from outflow.anomalies
          where ${UNEXPLAINED}
          order by detected_at desc
          offset $3 - 1 limit 1
        ), '-infinity')
      order by - nll
      limit $2
      for update skip locked`,
    values: [pipeline, limit, NEWEST],
  })
}

/** The result for a claimed anomaly: its reasons, or why there are none. */
export interface ExplainedAnomaly extends Position, StoredExplanation {
  readonly recordTime: Date
}

/**
 * Stores the reasons of anomalies, and notifies the relay, which may wait for them. The commit is asynchronous: reasons that are lost in a
 * crash of Postgres are computed again.
 */
export async function storeExplanations(
  client: Client,
  pipeline: string,
  explained: readonly ExplainedAnomaly[],
): Promise<void> {
  await run(client, {
    name: 'store_explanations',
    // The condition that reasons are missing is redundant: with it, a plan that is made while there are few anomalies reads the index
    // of those without reasons.
    text: `
      with stored as (
        update outflow.anomalies as anomaly
        set reasons = explained.reasons, counterfactual = explained.counterfactual,
            unexplainable = explained.unexplainable
        from unnest($2::text[], $3::int[], $4::bigint[], $5::timestamptz[], $6::jsonb[], $7::jsonb[], $8::text[])
          as explained (topic, partition, "offset", record_time, reasons, counterfactual, unexplainable)
        where anomaly.pipeline = $1 and anomaly.topic = explained.topic and anomaly.partition = explained.partition
          and anomaly."offset" = explained."offset" and anomaly.record_time = explained.record_time
          and anomaly.reasons is null and anomaly.unexplainable is null
      )
      select pg_notify('outflow_outbox', $1), set_config('synchronous_commit', 'off', true) as not_awaited`,
    values: [
      pipeline,
      ...arraysOf(explained, 'topic', 'partition', 'offset', 'recordTime'),
      explained.map(({ reasons }) => reasons && jsonbText(reasons)),
      explained.map(({ counterfactual }) => counterfactual && jsonbText(counterfactual)),
      ...arraysOf(explained, 'unexplainable'),
    ],
  })
}

/** An anomaly whose alert can no longer get its reasons. */
interface UnexplainedAlert extends Position {
  readonly eventTime: Date
  readonly entityKey: string | null
  readonly modelId: string
}

/**
 * Returns those anomalies of which an alert was sent, or is about to be sent, without reasons; not those whose alert was suppressed or grouped.
 *
 * The transaction must hold the pipeline's outbox order (`claimOutboxOrder`) and keep it until it has stored the reasons. An alert that has
 * no number in that order gets the reasons, because the relay reads them after it has numbered the alert.
 */
export async function alertsWithoutReasons(
  client: Client,
  pipeline: string,
  anomalies: readonly (Position & { readonly recordTime: Date })[],
): Promise<readonly UnexplainedAlert[]> {
  return run<UnexplainedAlert>(client, {
    name: 'alerts_without_reasons',
    // An anomaly and its alert are written in one transaction and have its time. The id in the payload is compared as bytes, because
    // reading the payload as JSON fails on an escaped NUL. That reasons are missing is redundant, as in `store_explanations`.
    text: `
      select topic, partition, "offset", event_time as "eventTime", entity_key as "entityKey", model_id as "modelId"
      from outflow.anomalies as anomaly
      join unnest($2::text[], $3::int[], $4::bigint[], $5::timestamptz[])
        as explained (topic, partition, "offset", record_time) using (topic, partition, "offset", record_time)
      where anomaly.pipeline = $1::text and reasons is null and unexplainable is null
        and not exists (
          select from outflow.outbox as waiting
          where waiting.pipeline = $1 and waiting.sequence is null and waiting.kind = 'alert'
            and waiting.created_at = anomaly.detected_at
            and position(
              convert_to(format('"id":"%s/%s/%s/%s"', $1, anomaly.topic, anomaly.partition, anomaly."offset"), 'UTF8')
              in waiting.payload
            ) > 0
        )
        and not exists (
          select from outflow.unsent_alerts as unsent
          where unsent.pipeline = $1 and unsent.topic = anomaly.topic and unsent.partition = anomaly.partition
            and unsent."offset" = anomaly."offset"
        )
      order by anomaly.detected_at, topic, partition, "offset"`,
    values: [pipeline, ...arraysOf(anomalies, 'topic', 'partition', 'offset', 'recordTime')],
  })
}

/** Returns the reasons of a pipeline's anomalies that were detected at the given times, to the millisecond, by position. */
export async function explanationsAtTimes(
  db: Queryable,
  pipeline: string,
  times: readonly Date[],
): Promise<ReadonlyMap<string, Explanation>> {
  const epochs = times.map(Number)
  const [from, to] = [new Date(Math.min(...epochs)), new Date(Math.max(...epochs) + 1)]
  const rows = await run<Position & ExplanationColumns>(db, {
    name: 'explanations_at_times',
    // Compared in an expression, not joined: a plan that is made while there are few anomalies would compare each with each time.
    text: `
      select topic, partition, "offset", reasons, counterfactual
      from outflow.anomalies
      where pipeline = $1 and detected_at >= $2 and detected_at < $3 and reasons is not null
        and date_trunc('milliseconds', detected_at) = any ($4::timestamptz[])`,
    values: [pipeline, from, to, times],
  })
  return new Map(
    rows.flatMap((row) => {
      const explanation = explanationOrNull(row)
      return explanation === null ? [] : [[formatPosition(row), explanation]]
    }),
  )
}

/** Returns the reasons of the anomaly at a position; null: it has none. */
export async function explanationAt(
  db: Queryable,
  pipeline: string,
  { topic, partition, offset }: Position,
): Promise<Explanation | null> {
  const [row] = await run<ExplanationColumns>(db, {
    name: 'explanation_at',
    text: `
      select reasons, counterfactual
      from outflow.anomalies
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" = $4 and reasons is not null`,
    values: [pipeline, topic, partition, offset],
  })
  return row === undefined ? null : explanationOrNull(row)
}

/** Null if it is damaged: an alert whose stored reasons are damaged is sent without them, and does not block others. */
function explanationOrNull(stored: ExplanationColumns): Explanation | null {
  return explanationSchema.safeParse(stored).data ?? null
}

const explanationSchema = z.object({ reasons: z.array(reasonSchema), counterfactual: counterfactualSchema.nullable() })

/** Counts a pipeline's anomalies whose reasons have not been computed yet. */
export async function countUnexplained(db: Queryable, pipeline: string): Promise<number> {
  return runValue(db, {
    name: 'count_unexplained',
    text: `select count(*)::float8 as waiting from outflow.anomalies where ${UNEXPLAINED}`,
    values: [pipeline],
  })
}
