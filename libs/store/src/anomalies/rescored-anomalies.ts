import { clampTime, type Position } from '@outflow/contracts'
import type { Pool, Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { epochMs, run, runValue } from '../connection/statement.js'
import { type OutboxMessage, outboxColumns } from '../outbox/outbox-message.js'
import type { Anomaly } from './anomaly.js'
import { ANOMALY_COLUMNS, ANOMALY_TYPES, ANOMALY_VALUES, anomalyRow } from './anomaly-columns.js'
import { ensurePartitions } from './partitions.js'

/** Returns the decisions of ingest on the offsets first … last of a partition. */
export async function earlierDecisions(
  db: Queryable,
  pipeline: string,
  at: { readonly topic: string; readonly partition: number; readonly first: bigint; readonly last: bigint },
) {
  const rows = await run<{ offset: bigint; recordTimeMs: number; pValue: number }>(db, {
    name: 'earlier_decisions',
    text: `
      select "offset", ${epochMs('record_time')} as "recordTimeMs", p_value as "pValue"
      from outflow.anomalies
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" between $4 and $5
        and not rescored`,
    values: [pipeline, at.topic, at.partition, at.first, at.last],
  })
  const scoredBefore = await runValue<bigint | null>(db, {
    name: 'scored_before',
    text: 'select next_offset from outflow.offsets where pipeline = $1 and topic = $2 and partition = $3',
    values: [pipeline, at.topic, at.partition],
  })
  const keyOf = (offset: bigint, timeMs: number) => `${offset} ${timeMs}`
  const anomalies = new Map(rows.map((row) => [keyOf(row.offset, row.recordTimeMs), row.pValue]))
  return {
    /** The p-value of a record; null: it was no anomaly. A topic that was created again repeats offsets, but not times. */
    pValueOf: ({ offset, timestampMs }: { readonly offset: bigint; readonly timestampMs: number }) =>
      anomalies.get(keyOf(offset, clampTime(timestampMs))) ?? null,
    /** Ingest has scored the records before this offset; null: none. */
    scoredBefore,
  }
}

/** An anomaly that a rescore found, and its alert. */
export interface RescoredAnomaly extends Anomaly, Pick<Position, 'topic' | 'partition'> {
  readonly message: OutboxMessage
}

/**
 * Stores anomalies that a rescore found, marked as rescored, and puts their alerts into the outbox. It skips records that are already
 * stored as anomalies and records that ingest has not scored yet.
 *
 * @returns how many were stored, each with its alert
 */
export async function storeRescoredAnomalies(
  pool: Pool,
  pipeline: string,
  anomalies: readonly RescoredAnomaly[],
): Promise<number> {
  await ensurePartitions(
    pool,
    anomalies.map(({ recordTimeMs }) => recordTimeMs),
  )
  return runValue(pool, {
    name: 'store_rescored_anomalies',
    text: `
      with found as (
        select * from jsonb_to_recordset($2::jsonb)
          as found (place bigint, topic text, partition int, ${ANOMALY_TYPES})
      ), stored as (
        insert into outflow.anomalies (pipeline, topic, partition, ${ANOMALY_COLUMNS}, rescored)
        select $1, anomaly.topic, anomaly.partition, ${ANOMALY_VALUES}, true
        from found as anomaly
        where exists (
          select from outflow.offsets as scored
          where scored.pipeline = $1 and scored.topic = anomaly.topic and scored.partition = anomaly.partition
            and scored.next_offset > anomaly."offset"
        )
        on conflict do nothing
        returning topic, partition, "offset"
      ), queued as (
        insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
        select $1, message.kind, message.target, message.message_key, message.payload, message.headers
        from unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::json[])
          with ordinality as message (kind, target, message_key, payload, headers, place)
        join found using (place)
        join stored using (topic, partition, "offset")
        order by place
      )
      select count(*)::float8 as stored, pg_notify('outflow_anomalies', $1) from stored`,
    values: [
      pipeline,
      jsonbText(
        anomalies.map((anomaly, index) => ({
          place: index + 1,
          topic: anomaly.topic,
          partition: anomaly.partition,
          ...anomalyRow(anomaly),
        })),
      ),
      ...outboxColumns(anomalies.map(({ message }) => message)),
    ],
  })
}
