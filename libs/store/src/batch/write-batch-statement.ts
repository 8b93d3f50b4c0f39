import { ANOMALY_COLUMNS, ANOMALY_TYPES, ANOMALY_VALUES } from '../anomalies/anomaly-columns.js'

// A topic that was created again may have reached the offset that a late write of the former topic expects.
const IS_EXPECTED = `stored.next_offset = batch.expected_offset
    and coalesce(batch.topic_id, stored.topic_id) is not distinct from stored.topic_id`

// `json` rather than `jsonb`: the value is unpacked once, so converting it to jsonb first would cost more.
// Two writers of one offset: the second waits for the first's row, sees the offset moved, and updates nothing.
const CLAIM = `
  update outflow.offsets as stored
  set next_offset = batch.next_offset, received = stored.received + batch.received,
      scored = stored.scored + batch.scored, rejected = stored.rejected + batch.rejected,
      skipped = stored.skipped + batch.skipped, anomalies = stored.anomalies + batch.anomaly_count,
      alerts = stored.alerts + batch.alerts, fdr_state = coalesce(batch.fdr_state, stored.fdr_state), updated_at = now()
  from json_to_record($1::json) as batch (
    pipeline text, topic text, partition int, expected_offset bigint, topic_id text, next_offset bigint, received bigint,
    scored bigint, rejected bigint, skipped bigint, anomaly_count bigint, alerts bigint, anomalies json, withholds_alerts boolean,
    dead_letters json, scores json, fdr_state jsonb, shadow json)
  where stored.pipeline = batch.pipeline and stored.topic = batch.topic and stored.partition = batch.partition
    and ${IS_EXPECTED}
  returning batch.*`

/** @param from  a relation with the columns `pipeline` and `scores`, the minutes as a JSON array */
const countScores = (from: string) => `
  insert into outflow.score_statistics as known (pipeline, minute, model_id, scored, anomalies, nll_min, nll_max,
                                                 nll_sum, histogram, p_histogram)
  select pipeline, counted.minute, counted.model_id, counted.scored, counted.anomalies, counted.nll_min,
         counted.nll_max, counted.nll_sum, counted.histogram::bigint[], counted.p_histogram::bigint[]
  from ${from}, json_to_recordset(scores) as counted (
    minute timestamptz, model_id text, scored bigint, anomalies bigint, nll_min float8, nll_max float8, nll_sum float8,
    histogram text, p_histogram text)
  order by counted.minute, counted.model_id
  on conflict (pipeline, minute, model_id) do update
  set scored = known.scored + excluded.scored, anomalies = known.anomalies + excluded.anomalies,
      nll_min = least(known.nll_min, excluded.nll_min), nll_max = greatest(known.nll_max, excluded.nll_max),
      nll_sum = known.nll_sum + excluded.nll_sum,
      histogram = ${sumOf('histogram')}, p_histogram = ${sumOf('p_histogram')}, updated_at = now()`

// Inline SQL, because a function call costs more than the sum and the row is locked meanwhile.
function sumOf(counts: string): string {
  return `array(select coalesce(x, 0) + coalesce(y, 0) from unnest(known.${counts}, excluded.${counts}) as added (x, y))`
}

// A synchronous commit keeps the minute's row locked until the log is on disk, and the writes of the other partitions wait: eight of
// them took 19 ms, and take 3 ms with an asynchronous commit. If Postgres crashes, the lost batch, including its offset, is read again
// and written identically. No message depends on a lost batch: the relay commits to Kafka only after an alert's number is on disk, and
// the log keeps the order.
const NOT_AWAITED = `set_config('synchronous_commit', 'off', true) as not_awaited`

/**
 * Writes plain batches of different partitions: all of them, or none if a stored offset is not the expected one. $1 has their offsets and
 * counters, $2 their minutes, both as JSON. The rest of `WRITE_BATCH`, which is two thirds of its cost, would write nothing for them. The rows
 * are locked in order, so that two writers of the same partitions do not deadlock.
 */
export const WRITE_PLAIN_BATCHES = `
with batch as materialized (
  select *
  from json_to_recordset($1::json) as batch (
    pipeline text, topic text, partition int, expected_offset bigint, topic_id text, next_offset bigint, received bigint,
    scored bigint, skipped bigint)
), held as materialized (
  select
  from outflow.offsets as stored
  join batch using (pipeline, topic, partition)
  where ${IS_EXPECTED}
  order by topic, partition
  for update of stored
), claimed as materialized (
  select count(*) = (select count(*) from batch) as is_whole from held
), moved as (
  update outflow.offsets as stored
  set next_offset = batch.next_offset, received = stored.received + batch.received,
      scored = stored.scored + batch.scored, skipped = stored.skipped + batch.skipped, updated_at = now()
  from batch
  where (select is_whole from claimed) and stored.pipeline = batch.pipeline and stored.topic = batch.topic
    and stored.partition = batch.partition
), scores as (${countScores('(select pipeline, $2::json as scores from batch, claimed where is_whole limit 1) as claimed')}
)
select is_whole as written, ${NOT_AWAITED}
from claimed`

/**
 * An alert waits for its reasons, so its anomaly wakes the explainer, which wakes the relay; a dead letter wakes the relay.
 *
 * @param more  further common table expressions
 */
const writeAll = (more = '') => `
with claimed as (${CLAIM}
), found as (
  insert into outflow.anomalies (pipeline, topic, partition, ${ANOMALY_COLUMNS})
  select claimed.pipeline, claimed.topic, claimed.partition, ${ANOMALY_VALUES}
  from claimed, json_to_recordset(claimed.anomalies) as anomaly (${ANOMALY_TYPES})
  on conflict do nothing
), withheld as (
  insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because)
  select claimed.pipeline, claimed.topic, claimed.partition, anomaly."offset", 'provisional'
  from claimed, json_to_recordset(claimed.anomalies) as anomaly ("offset" bigint)
  where claimed.withholds_alerts
  on conflict do nothing
), rejected as (
  insert into outflow.dead_letters (pipeline, topic, partition, "offset", record_time, reason, detail, message_key,
                                    value_start, value_bytes)
  select claimed.pipeline, claimed.topic, claimed.partition, dead_letter.*
  from claimed, json_to_recordset(claimed.dead_letters) as dead_letter (
    "offset" bigint, record_time timestamptz, reason text, detail text, message_key bytea, value_start bytea,
    value_bytes int)
  on conflict do nothing
), queued as (
  insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
  select claimed.pipeline, message.kind, message.topic, message.message_key, message.payload, message.headers
  from claimed, unnest($5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::json[]) with ordinality
    as message (kind, topic, message_key, payload, headers, place)
  order by message.place
), scores as (${countScores('claimed')}
), windows as (
  insert into outflow.window_states (pipeline, topic, partition, entity_by, entity, state)
  select claimed.pipeline, claimed.topic, claimed.partition, touched.*
  from claimed, unnest($2::text[], $3::text[], $4::bytea[]) as touched (entity_by, entity, state)
  on conflict (pipeline, topic, partition, entity_by, entity) do update
  set state = excluded.state, updated_at = now()
)${more}
select count(*) > 0 as written, ${NOT_AWAITED},
       (select pg_notify('outflow_anomalies', pipeline) from claimed where anomaly_count > 0) as explainer_notified,
       (select pg_notify('outflow_outbox', pipeline) from claimed where 'dead_letter' = any ($5::text[])) as relay_notified
from claimed`

/**
 * A compare-and-set on the stored offset, and all writes that depend on its success.
 *
 * $1 is the batch as JSON; window states ($2 to $4) and messages ($5 to $9) are arrays, because they have most of the bytes, and
 * Postgres reads arrays faster than JSON.
 */
export const WRITE_BATCH = writeAll()

/** The same while the pipeline has a shadow. */
export const WRITE_BATCH_WITH_SHADOW = writeAll(`, compared as (
  insert into outflow.shadow_statistics as known (pipeline, shadow_id, model_id, scored, anomalies_by_both,
                                                  anomalies_by_active, anomalies_by_shadow)
  select claimed.pipeline, shadow.*
  from claimed, json_to_record(claimed.shadow) as shadow (
    shadow_id text, model_id text, scored bigint, anomalies_by_both bigint, anomalies_by_active bigint,
    anomalies_by_shadow bigint)
  on conflict (pipeline, shadow_id, model_id) do update
  set scored = known.scored + excluded.scored, anomalies_by_both = known.anomalies_by_both + excluded.anomalies_by_both,
      anomalies_by_active = known.anomalies_by_active + excluded.anomalies_by_active,
      anomalies_by_shadow = known.anomalies_by_shadow + excluded.anomalies_by_shadow, updated_at = now()
), differing as (
  insert into outflow.shadow_differences (pipeline, topic, partition, shadow_id, model_id, "offset", anomaly_by,
                                          record_time, event_time, entity_key, record, nll, p_value, shadow_nll,
                                          shadow_p_value)
  select claimed.pipeline, claimed.topic, claimed.partition, shadow.shadow_id, shadow.model_id, difference."offset",
         difference.anomaly_by, difference.record_time, difference.event_time, difference.entity_key,
         difference.record::jsonb, difference.nll, difference.p_value, difference.shadow_nll, difference.shadow_p_value
  from claimed, json_to_record(claimed.shadow) as shadow (shadow_id text, model_id text, differences json),
    json_to_recordset(shadow.differences) as difference (
      "offset" bigint, anomaly_by text, record_time timestamptz, event_time timestamptz, entity_key text, record text,
      nll float8, p_value float8, shadow_nll float8, shadow_p_value float8)
  on conflict do nothing
)`)
