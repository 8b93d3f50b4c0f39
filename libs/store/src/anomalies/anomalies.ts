import {
  type Alert,
  formatPosition,
  includesEnd,
  type Position,
  reasonSchema,
  type StoredExplanation,
} from '@outflow/contracts'
import type { Verdict } from '@outflow/contracts/verdict'
import type { QueryResultRow } from 'pg'
import { z } from 'zod'
import { jsonColumn } from '../connection/json-column.js'
import { type Pool, type Queryable, withTransaction } from '../connection/pool.js'
import { epochMs, type RowOf, run } from '../connection/statement.js'
import type { Anomaly } from './anomaly.js'
import { readExplanation } from './explanations.js'

export interface StoredAnomaly extends Required<Anomaly>, Position, StoredExplanation {
  readonly pipeline: string
  readonly detectedAt: Date
  /** Whether a rescore of past records found it, not ingest. */
  readonly rescored: boolean
  /** The latest one; null: none. */
  readonly verdict: Verdict | null
}

type AnomalyRow = RowOf<
  StoredAnomaly,
  { readonly counterfactual: unknown; readonly missing: unknown; readonly reasons: unknown }
>

// From the views, so that the role outflow_analyst is sufficient.
const COLUMNS = `pipeline, topic, partition, "offset", ${epochMs('record_time')} as "recordTimeMs",
       ${epochMs('event_time')} as "eventTimeMs", entity_key as "entityKey", record, nll, p_value as "pValue", p_upper as "pUpper",
       counterfactual, missing, severity, reasons, unexplainable, windowed, model_id as "modelId", provisional,
       recalibration_id as "recalibrationId", detected_at as "detectedAt", rescored, verdict`

/** Returns a pipeline's anomalies, the least likely (highest nll) first. */
export async function leastLikelyAnomalies(
  db: Queryable,
  query: { readonly pipeline: string; readonly limit: number },
): Promise<readonly StoredAnomaly[]> {
  const rows = await run<AnomalyRow>(db, {
    name: 'least_likely_anomalies',
    text: `
      select ${COLUMNS}
      from analyst.anomalies
      where pipeline = $1
      order by nll desc, topic, partition, "offset"
      limit $2`,
    values: [query.pipeline, query.limit],
  })
  return rows.map(toAnomaly)
}

/** Returns the anomalies that ingest found with a model since a time (Kafka's record time), newest first. */
export async function newestAnomalies(
  db: Queryable,
  of: { readonly pipeline: string; readonly modelId: string; readonly from: Date; readonly limit: number },
): Promise<readonly Pick<StoredAnomaly, 'record' | 'windowed'>[]> {
  return run<Pick<StoredAnomaly, 'record' | 'windowed'>>(db, {
    name: 'newest_anomalies',
    text: `
      select record, windowed from outflow.anomalies
      where pipeline = $1 and model_id = $2 and record_time >= $3 and not rescored
      order by record_time desc
      limit $4`,
    values: [of.pipeline, of.modelId, of.from, of.limit],
  })
}

/** A range of time, from ≤ t < to; the latest time of all as `to` is included. */
interface AnomalyRange {
  readonly pipeline: string
  readonly from: Date
  readonly to: Date
}

/**
 * Passes the anomalies in a range of Kafka's record time to `take` in order of that time, in batches; the next batch is read when
 * `take` resolves. All are from one snapshot.
 *
 * @returns how many there were
 */
export function eachAnomaly(
  pool: Pool,
  range: AnomalyRange,
  take: (anomalies: readonly StoredAnomaly[]) => Promise<void>,
): Promise<number> {
  const query = { select: `select ${COLUMNS} from analyst.anomalies`, time: 'record_time' }
  return eachRow<AnomalyRow>(pool, query, range, (rows) => take(rows.map(toAnomaly)))
}

/** The fields that decide whether an alert of an anomaly is sent, as in the alert. */
export interface DetectedAnomaly extends Alert {
  readonly provisional: boolean
}

/**
 * Passes the anomalies that were detected in a range to `take` in order of detection, in batches. All are from one snapshot.
 *
 * @returns how many there were
 */
export function eachDetected(
  pool: Pool,
  range: AnomalyRange,
  take: (anomalies: readonly DetectedAnomaly[]) => Promise<void>,
): Promise<number> {
  const select = `
      select format('%s/%s/%s/%s', pipeline, topic, partition, "offset") as id, entity_key as key, severity, nll,
             p_value as "pValue", reasons -> 0 as reason, provisional, ${epochMs('event_time')} as "eventTimeMs",
             ${epochMs("date_trunc('milliseconds', detected_at)")} as "detectedAtMs"
      from outflow.anomalies`
  return eachRow<DetectedRow>(pool, { select, time: 'detected_at' }, range, (rows) =>
    take(rows.map((row) => ({ ...row, reason: readReason(row.reason, row.id) }))),
  )
}

type DetectedRow = RowOf<DetectedAnomaly, { readonly reason: unknown }>

/** Rows in memory at a time, and in a row group of an exported Parquet file; a row has one or two kilobytes. */
const BATCH_ROWS = 10_000

/** @param query.time  column by which the rows are in the range, and ordered */
function eachRow<Row extends QueryResultRow>(
  pool: Pool,
  query: { readonly select: string; readonly time: string },
  range: AnomalyRange,
  take: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  return withTransaction(pool, async (client) => {
    await run(client, {
      name: '',
      text: `
      declare each_row no scroll cursor for ${query.select}
      where pipeline = $1 and ${query.time} >= $2::timestamptz and ${query.time} ${includesEnd(range.to) ? '<=' : '<'} $3::timestamptz
      order by ${query.time}, topic, partition, "offset"`,
      values: [range.pipeline, range.from.toISOString(), range.to.toISOString()],
    })
    let count = 0
    for (;;) {
      // `fetch` accepts no parameters.
      const rows = await run<Row>(client, {
        name: 'fetch_rows',
        text: `fetch ${BATCH_ROWS} from each_row`,
      })
      if (rows.length === 0) return count
      count += rows.length
      await take(rows)
    }
  })
}

export async function anomalyAt(db: Queryable, pipeline: string, position: Position): Promise<StoredAnomaly | null> {
  const [row] = await run<AnomalyRow>(db, {
    name: 'anomaly_at',
    text: `
      select ${COLUMNS}
      from analyst.anomalies
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" = $4`,
    values: [pipeline, position.topic, position.partition, position.offset],
  })
  return row ? toAnomaly(row) : null
}

const readReason = jsonColumn('outflow.anomalies.reasons', reasonSchema.nullable())
const readMissing = jsonColumn('outflow.anomalies.missing', z.array(z.string()).readonly())

function toAnomaly(row: AnomalyRow): StoredAnomaly {
  const key = `${row.pipeline}, ${formatPosition(row)}`
  return { ...row, ...readExplanation(row, key), missing: readMissing(row.missing, key) }
}
