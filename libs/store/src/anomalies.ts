import type { NearestNormal, Position, Reason, Severity } from '@outflow/contracts'
import type { Anomaly } from './batch.js'
import { type Pool, type Queryable, withTransaction } from './pool.js'
import { run } from './statement.js'

export interface StoredAnomaly extends Anomaly, Position {
  readonly pipeline: string
  readonly detectedAt: Date
}

interface AnomalyRow {
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly record_time: Date
  readonly event_time: Date
  readonly entity_key: string | null
  readonly record: unknown
  readonly nll: number
  readonly p_value: number
  readonly p_upper: number | null
  readonly nearest: NearestNormal | null
  readonly missing: string[]
  readonly severity: Severity
  readonly reasons: Reason[]
  readonly model_id: string
  readonly detected_at: Date
}

const COLUMNS = `pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll, p_value, p_upper,
       nearest, missing, severity, reasons, model_id, detected_at`

/** Gives a pipeline's anomalies, the strangest (highest nll) first. */
export async function strangestAnomalies(
  db: Queryable,
  query: { readonly pipeline: string; readonly limit: number; readonly detectedSince?: Date },
): Promise<readonly StoredAnomaly[]> {
  const rows = await run<AnomalyRow>(db, {
    name: 'strangest_anomalies',
    text: `
      select ${COLUMNS}
      from outflow.anomalies
      where pipeline = $1 and detected_at >= coalesce($2::timestamptz, '-infinity')
      order by nll desc, topic, partition, "offset"
      limit $3`,
    values: [query.pipeline, query.detectedSince?.toISOString() ?? null, query.limit],
  })
  return rows.map(toAnomaly)
}

/** Which anomalies: by Kafka's record time, from ≤ t < to. */
export interface AnomalyRange {
  readonly pipeline: string
  readonly from: Date
  readonly to: Date
}

/**
 * Hands a range's anomalies to `take` in the order of their record times, some at a time: the next are read when it resolves. All
 * are of one moment, whatever is written meanwhile.
 *
 * @param atOnce  rows that are in memory together
 * @returns how many there were
 */
export function eachAnomaly(
  pool: Pool,
  range: AnomalyRange,
  atOnce: number,
  take: (anomalies: readonly StoredAnomaly[]) => Promise<void>,
): Promise<number> {
  return withTransaction(pool, async (client) => {
    await run(client, {
      name: 'declare_anomalies',
      text: `
        declare exported no scroll cursor for
        select ${COLUMNS}
        from outflow.anomalies
        where pipeline = $1 and record_time >= $2::timestamptz and record_time < $3::timestamptz
        order by record_time, topic, partition, "offset"`,
      values: [range.pipeline, range.from.toISOString(), range.to.toISOString()],
    })
    let count = 0
    for (;;) {
      // `fetch` takes no parameters.
      const rows = await run<AnomalyRow>(client, {
        name: `fetch_anomalies_${atOnce}`,
        text: `fetch ${Math.trunc(atOnce)} from exported`,
        values: [],
      })
      if (rows.length === 0) return count
      count += rows.length
      await take(rows.map(toAnomaly))
    }
  })
}

/** Gives the anomaly at a position, or null. */
export async function anomalyAt(db: Queryable, pipeline: string, position: Position): Promise<StoredAnomaly | null> {
  const [row] = await run<AnomalyRow>(db, {
    name: 'anomaly_at',
    text: `
      select ${COLUMNS}
      from outflow.anomalies
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" = $4`,
    values: [pipeline, position.topic, position.partition, position.offset],
  })
  return row ? toAnomaly(row) : null
}

function toAnomaly(row: AnomalyRow): StoredAnomaly {
  return {
    pipeline: row.pipeline,
    topic: row.topic,
    partition: row.partition,
    offset: BigInt(row.offset),
    recordTimeMs: row.record_time.getTime(),
    eventTimeMs: row.event_time.getTime(),
    entityKey: row.entity_key,
    record: row.record,
    nll: row.nll,
    pValue: row.p_value,
    pUpper: row.p_upper,
    nearest: row.nearest,
    missing: row.missing,
    severity: row.severity,
    reasons: row.reasons,
    modelId: row.model_id,
    detectedAt: row.detected_at,
  }
}
