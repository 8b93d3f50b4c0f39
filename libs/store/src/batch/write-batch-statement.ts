import { ANOMALY_COLUMNS, ANOMALY_TYPES, ANOMALY_VALUES } from '../anomalies/anomaly-columns.js'

// A topic that was created again may have reached the offset that a late write of the former topic expects.
const IS_EXPECTED = `stored.next_offset = batch.expected_offset
    and coalesce(batch.topic_id, stored.topic_id) is not distinct from stored.topic_id`

// `json` rather than `jsonb`: the value is unpacked once, so converting it to jsonb first would cost more.
const BATCHES = `json_to_recordset($1::json) as batch (
    pipeline text, topic text, partition int, expected_offset bigint, topic_id text, next_offset bigint, received bigint,
    scored bigint, rejected bigint, skipped bigint, anomaly_count bigint, alerts bigint, anomalies json, withholds_alerts boolean,
    dead_letters json, fdr_state jsonb, shadow json)`

// A synchronous commit keeps the minute's row locked until the log is on disk, and the writes of other processes wait: eight of
// them took 19 ms, and take 3 ms with an asynchronous commit. If Postgres crashes, the lost batch, including its offset, is read again
// and written identically. No message depends on a lost batch: the relay commits to Kafka only after an alert's number is on disk, and
// the log keeps the order.
const NOT_AWAITED = `set_config('synchronous_commit', 'off', true) as not_awaited`

// Inline SQL, because a function call costs more than the sum and the row is locked meanwhile.
function sumOf(counts: string): string {
  return `array(select coalesce(x, 0) + coalesce(y, 0) from unnest(known.${counts}, excluded.${counts}) as added (x, y))`
}

/**
 * A compare-and-set on the stored offsets of batches of different partitions of one pipeline, and all writes that depend on its success:
 * nothing is written if a stored offset is not the expected one. The rows are locked in order, so that two writers of the same partitions
 * do not deadlock; the second one waits, and then finds the offsets moved.
 *
 * $1 has the batches and $2 their minutes, as JSON. An alert waits for its reasons, so its anomaly wakes the explainer, which wakes the
 * relay; a dead letter wakes the relay.
 *
 * @param more  further common table expressions
 */
const writeAll = (more: string) => `
with batch as materialized (
  select * from ${BATCHES}
), held as materialized (
  select
  from outflow.offsets as stored
  join batch using (pipeline, topic, partition)
  where ${IS_EXPECTED}
  order by topic, partition
  for update of stored
), claimed as materialized (
  select pipeline, count(*) = (select count(*) from held) as is_whole from batch group by pipeline
), moved as (
  update outflow.offsets as stored
  set next_offset = batch.next_offset, received = stored.received + batch.received,
      scored = stored.scored + batch.scored, rejected = stored.rejected + batch.rejected,
      skipped = stored.skipped + batch.skipped, anomalies = stored.anomalies + batch.anomaly_count,
      alerts = stored.alerts + batch.alerts, fdr_state = coalesce(batch.fdr_state, stored.fdr_state), updated_at = now()
  from batch
  where (select is_whole from claimed) and stored.pipeline = batch.pipeline and stored.topic = batch.topic
    and stored.partition = batch.partition
), scores as (
  insert into outflow.score_statistics as known (pipeline, minute, model_id, scored, anomalies, nll_min, nll_max,
                                                 nll_sum, histogram, p_histogram)
  select claimed.pipeline, counted.minute, counted.model_id, counted.scored, counted.anomalies, counted.nll_min,
         counted.nll_max, counted.nll_sum, counted.histogram::bigint[], counted.p_histogram::bigint[]
  from claimed, json_to_recordset($2::json) as counted (
    minute timestamptz, model_id text, scored bigint, anomalies bigint, nll_min float8, nll_max float8, nll_sum float8,
    histogram text, p_histogram text)
  where is_whole
  order by counted.minute, counted.model_id
  on conflict (pipeline, minute, model_id) do update
  set scored = known.scored + excluded.scored, anomalies = known.anomalies + excluded.anomalies,
      nll_min = least(known.nll_min, excluded.nll_min), nll_max = greatest(known.nll_max, excluded.nll_max),
      nll_sum = known.nll_sum + excluded.nll_sum,
      histogram = ${sumOf('histogram')}, p_histogram = ${sumOf('p_histogram')}, updated_at = now()
)${more}
select is_whole as written, ${NOT_AWAITED},
       (select pg_notify('outflow_anomalies', pipeline) from batch where is_whole and anomaly_count > 0 limit 1) as explainer_notified,
       (select pg_notify('outflow_outbox', pipeline) from batch where is_whole and rejected > 0 limit 1) as relay_notified
from claimed`

/** Window states ($3 to $7) and messages ($8 to $12) are arrays, because they have most of the bytes, and Postgres reads arrays faster than JSON. */
const ROWS = `, found as (
  insert into outflow.anomalies (pipeline, topic, partition, ${ANOMALY_COLUMNS})
  select batch.pipeline, batch.topic, batch.partition, ${ANOMALY_VALUES}
  from claimed, batch, json_to_recordset(batch.anomalies) as anomaly (${ANOMALY_TYPES})
  where is_whole
  on conflict do nothing
), withheld as (
  insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because)
  select batch.pipeline, batch.topic, batch.partition, anomaly."offset", 'provisional'
  from claimed, batch, json_to_recordset(batch.anomalies) as anomaly ("offset" bigint)
  where is_whole and batch.withholds_alerts
  on conflict do nothing
), rejected as (
  insert into outflow.dead_letters (pipeline, topic, partition, "offset", record_time, reason, detail, message_key,
                                    value_start, value_bytes)
  select batch.pipeline, batch.topic, batch.partition, dead_letter.*
  from claimed, batch, json_to_recordset(batch.dead_letters) as dead_letter (
    "offset" bigint, record_time timestamptz, reason text, detail text, message_key bytea, value_start bytea,
    value_bytes int)
  where is_whole
  on conflict do nothing
), windows as (
  insert into outflow.window_states (pipeline, topic, partition, entity_by, entity, state)
  select claimed.pipeline, touched.*
  from claimed, unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::bytea[])
    as touched (topic, partition, entity_by, entity, state)
  where is_whole
  on conflict (pipeline, topic, partition, entity_by, entity) do update
  set state = excluded.state, updated_at = now()
), queued as (
  insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
  select claimed.pipeline, message.kind, message.topic, message.message_key, message.payload, message.headers
  from claimed, unnest($8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::json[]) with ordinality
    as message (kind, topic, message_key, payload, headers, place)
  where is_whole
  order by message.place
)`

const COMPARISON = `, compared as (
  insert into outflow.shadow_statistics as known (pipeline, shadow_id, model_id, scored, anomalies_by_both,
                                                  anomalies_by_active, anomalies_by_shadow)
  select batch.pipeline, shadow.shadow_id, shadow.model_id, sum(shadow.scored), sum(shadow.anomalies_by_both),
         sum(shadow.anomalies_by_active), sum(shadow.anomalies_by_shadow)
  from claimed, batch, json_to_record(batch.shadow) as shadow (
    shadow_id text, model_id text, scored bigint, anomalies_by_both bigint, anomalies_by_active bigint,
    anomalies_by_shadow bigint)
  where is_whole and batch.shadow is not null
  group by batch.pipeline, shadow.shadow_id, shadow.model_id
  on conflict (pipeline, shadow_id, model_id) do update
  set scored = known.scored + excluded.scored, anomalies_by_both = known.anomalies_by_both + excluded.anomalies_by_both,
      anomalies_by_active = known.anomalies_by_active + excluded.anomalies_by_active,
      anomalies_by_shadow = known.anomalies_by_shadow + excluded.anomalies_by_shadow, updated_at = now()
), differing as (
  insert into outflow.shadow_differences (pipeline, topic, partition, shadow_id, model_id, "offset", anomaly_by,
                                          record_time, event_time, entity_key, record, nll, p_value, shadow_nll,
                                          shadow_p_value)
  select batch.pipeline, batch.topic, batch.partition, shadow.shadow_id, shadow.model_id, difference."offset",
         difference.anomaly_by, difference.record_time, difference.event_time, difference.entity_key,
         difference.record::jsonb, difference.nll, difference.p_value, difference.shadow_nll, difference.shadow_p_value
  from claimed, batch, json_to_record(batch.shadow) as shadow (shadow_id text, model_id text, differences json),
    json_to_recordset(shadow.differences) as difference (
      "offset" bigint, anomaly_by text, record_time timestamptz, event_time timestamptz, entity_key text, record text,
      nll float8, p_value float8, shadow_nll float8, shadow_p_value float8)
  where is_whole and batch.shadow is not null
  on conflict do nothing
)`

/** For batches without rows of their own. The other parts, which are two thirds of the cost, would write nothing for them. */
export const WRITE_PLAIN_BATCHES = writeAll('')

export const WRITE_BATCHES = writeAll(ROWS)

/** While the pipeline has a shadow. */
export const WRITE_BATCHES_WITH_SHADOW = writeAll(ROWS + COMPARISON)
