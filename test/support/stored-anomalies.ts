import type { Queryable } from '@outflow/store'

interface AnomaliesToStore {
  readonly pipeline: string
  readonly count: number
  /** Number of anomalies with the same record time; default 1. */
  readonly perTime?: number
  /** Offset of the newest; default 0. */
  readonly firstOffset?: number
}

/** Rows per statement: each takes well under the pool's time limit, also on a busy machine. */
const AT_ONCE = 10_000

/**
 * Inserts anomalies of 100 entities and 4 fields directly into the table, a second apart up to now; the first offset is the newest. p-values repeat, and the
 * record of offset 7 contains markup.
 */
export async function storeAnomalies(
  db: Queryable,
  { pipeline, count, perTime = 1, firstOffset = 0 }: AnomaliesToStore,
): Promise<void> {
  const newest = new Date()
  for (let from = 0; from < count; from += AT_ONCE) {
    const to = Math.min(from + AT_ONCE, count) - 1
    await db.query(INSERT, [pipeline, from, to, newest, perTime, firstOffset])
  }
}

const INSERT = `
    insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll,
      p_value, p_upper, severity, reasons, model_id, detected_at)
    select $1, 'flights', i % 3, i, at, at, 'airport-' || i % 100,
           jsonb_build_object('delay', i, 'note', case when i = 7 then '<img src=x onerror=alert(1)>' else 'late ' || i end),
           20 + i % 50, 1.0 / (1000 + i % 40), 2.0 / (1000 + i % 40), (array['low', 'medium', 'high'])[1 + i % 3],
           jsonb_build_array(
             jsonb_build_object('field', field, 'bits', 9 + i % 7, 'observed', i, 'expected', 3, 'range', null, 'text', field || ' is odd'),
             jsonb_build_object('field', 'origin', 'bits', 2, 'observed', 'JFK', 'expected', 'LAX', 'range', null, 'text', 'origin is odd')),
           'model-' || i % 2, at
    from generate_series($2::int, $3::int) as place,
         lateral (select $6::int + place as i, $4::timestamptz - (place / $5::int) * interval '1 s' as at) as moved,
         lateral (select (array['delay', 'distance', 'date', 'carrier'])[1 + i % 4] as field) as made`
