import type pg from 'pg'

interface FillOptions {
  readonly anomalies: number
  readonly days: number
}

/** Share of the anomalies, entities and topic partitions of each pipeline. */
const PIPELINES = `(values
  ('flights', 0.4, 300, 8),
  ('payments', 0.25, 50000, 8),
  ('parcels', 0.2, 4000, 4),
  ('sensors', 0.1, 1000, 4),
  ('logins', 0.05, 20000, 2)) as pipelines (pipeline, share, entities, partitions)`

/** One record in a thousand is an anomaly. */
const RECORDS_PER_ANOMALY = 1_000
const DEAD_LETTERS = 200_000

/**
 * Fills the tables as ingest does in several days: outflow's own function makes the partitions, rows are in the order of time with the
 * pipelines interleaved, and a few entities have most anomalies. Then each day is vacuumed and analysed, as autovacuum does with a past
 * day.
 */
export async function fill(client: pg.Client, { anomalies, days }: FillOptions): Promise<void> {
  await client.query(`set work_mem = '256MB'`)
  await client.query(MODELS, [days])
  // Building the same indexes afterwards takes a fraction of the time.
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(SECONDARY_INDEXES)
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  await client.query(DAY, [Math.round(anomalies / days)])
  console.error('a day is made')
  for (let day = days - 1; day >= 0; day -= 1) {
    await client.query(PARTITIONS, [day])
    await client.query(ANOMALIES, [day, days - 1 - day])
    if (day % 5 === 0) console.error(`anomalies of ${days - day} of ${days} days`)
  }
  for (const { name, definition } of indexes) {
    console.error(`index ${name}`)
    await client.query(definition.replace(' ON ONLY ', ' ON '))
  }
  await client.query(MINUTES, [days, Math.round((anomalies * RECORDS_PER_ANOMALY) / days / 1_440)])
  await client.query(DEAD_LETTER_ROWS, [days, DEAD_LETTERS])
  await client.query(OFFSETS, [anomalies * RECORDS_PER_ANOMALY, DEAD_LETTERS, anomalies])
  await client.query('drop table bench_day')
  await client.query('reset work_mem')
  console.error('vacuum analyze')
  await client.query('vacuum (analyze)')
}

const SECONDARY_INDEXES = `
  select indexrelid::regclass as name, pg_get_indexdef(indexrelid) as definition
  from pg_index where indrelid = 'outflow.anomalies'::regclass and not indisprimary`

const MODELS = `
  insert into outflow.models (pipeline, id, state, artefact, checksum, metadata, metrics, created_at, promoted_at)
  select pipeline, 'model-' || n, case when n = $1::int then 'active' else 'retired' end, bytes, sha256(bytes), '{}', '{}', at, at
  from ${PIPELINES}, generate_series(1, $1::int) as n,
       lateral (select decode(repeat('00', 300000), 'hex') as bytes, now() - ($1::int - n) * interval '1 day' as at) as made`

// An nll with a long tail; a record, reasons and a counterfactual of the size of those of flights. `part` is the fraction of its day.
const DAY = `
  create unlogged table bench_day as
  select pipeline, place, rows, n::float8 / rows as part, partitions, key,
         jsonb_build_object('date', '2026/01/31 08:15', 'delay', (chance * 900)::int, 'distance', (uniform * 3000)::int,
                            'origin', key, 'destination', 'D' || n % 97, 'id', n) as record,
         14 + 3 / (chance + 1e-7) as nll, uniform,
         jsonb_build_array(
           jsonb_build_object('field', (array['distance', 'delay', 'origin', 'destination', 'date'])[1 + n % 5],
             'bits', 9 / (uniform + 0.01), 'observed', (uniform * 3000)::int, 'expected', 337, 'range', jsonb_build_array(302, 371),
             'text', 'distance ' || (uniform * 3000)::int || ' is far above the 337 of LAX→SFO'),
           jsonb_build_object('field', 'delay', 'bits', 2.5 * uniform, 'observed', (chance * 900)::int, 'expected', 7,
             'range', jsonb_build_array(-26, 49), 'text', 'delay ' || (chance * 900)::int || ' is above the usual −26 to 49')
         ) as reasons
  from ${PIPELINES},
       lateral (
         select n, n as place, ($1::int * share)::int as rows, random() as chance, random() as uniform,
                'E' || to_char(floor(entities * power(random(), 3)), 'FM99999000') as key
         from generate_series(0, ($1::int * share)::int - 1) as n
       ) as made
  order by part`

// A day is 24 hours ending at the current time of day, so it spans two dates.
const PARTITIONS = `
  select outflow.ensure_anomaly_partitions(array[today - $1::int - 1, today - $1::int])
  from (select (now() at time zone 'utc')::date as today) as utc`

// All days are equal, except for times and offsets.
const ANOMALIES = `
  insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll,
                                 p_value, severity, reasons, model_id, p_upper, counterfactual, missing)
  select pipeline, pipeline, ($2::bigint * rows + place) % partitions, $2::bigint * rows + place, at, at - interval '2 seconds',
         key, record, nll, 0.001 * uniform, case when uniform > 0.5 then 'low' when uniform > 0.125 then 'medium' else 'high' end,
         reasons, 'model-' || 1 + extract(day from at)::int, 0.0012 * uniform,
         '{"changes": [{"field": "distance", "from": 3983, "to": 337}], "nll": 15.2, "text": "normal with distance 337 instead of 3,983"}',
         '[]'
  from bench_day,
       lateral (select now() - ($1::int + 1 - part) * interval '1 day' as at) as time`

// Fifty histograms in turn: making one for each minute would take longer than everything else.
const MINUTES = `
  with shapes as materialized (
    select shape, array_agg((2000 * exp(-power((bucket - 60) / 8.0, 2) / 2) * (0.8 + 0.4 * random()))::bigint
                            order by bucket) as histogram
    from generate_series(0, 49) as shape, generate_series(1, 128) as bucket
    group by shape
  )
  insert into outflow.score_statistics (pipeline, minute, model_id, scored, anomalies, nll_min, nll_max, nll_sum, histogram,
                                        p_histogram)
  select pipeline, minute, 'model-' || 1 + extract(day from minute)::int, scored, scored / 1000, -2.1, 812, 14.5 * scored,
         histogram, histogram[1:64]
  from generate_series(date_trunc('minute', now()) - $1::int * interval '1 day', now(), interval '1 minute') as minute,
       ${PIPELINES}, lateral (select ($2::int * share)::bigint as scored) as made,
       shapes
  where shape = extract(minute from minute)::int % 50
  order by minute`

const DEAD_LETTER_ROWS = `
  insert into outflow.dead_letters (pipeline, topic, partition, "offset", reason, detail, message_key, value_start,
                                    value_bytes, record_time, rejected_at)
  select pipeline, pipeline, n % partitions, n, (array['undecodable', 'wrong_type', 'missing_field', 'bad_timestamp'])[1 + n % 4],
         '$.delay must be a number, found "late"', null, convert_to(repeat('{"delay":"late"}', 18), 'UTF8'), 288, at, at
  from ${PIPELINES}, generate_series(1, ($2::int * share)::int) as n,
       lateral (select now() - (n / ($2 * share)) * $1::int * interval '1 day' as at) as made
  order by at`

const OFFSETS = `
  insert into outflow.offsets (pipeline, topic, partition, next_offset, received, scored, rejected, anomalies, alerts)
  select pipeline, pipeline, partition, scored + rejected, scored + rejected, scored, rejected, found, found
  from ${PIPELINES}, generate_series(0, partitions - 1) as partition,
       lateral (select ($1::bigint * share / partitions)::bigint as scored, ($2::int * share / partitions)::bigint as rejected,
                       ($3::bigint * share / partitions)::bigint as found) as made`
