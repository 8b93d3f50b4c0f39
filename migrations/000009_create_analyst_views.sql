-- What: the schema that analysts read, and a role that can do that and nothing else. Grant it to people:
--      grant outflow_analyst to ada;
-- Why: views keep analysts' queries alive while tables change, and keep artefacts and payloads out of sight.
-- An older process may run beside it: nothing it uses changes.
create schema analyst;
comment on schema analyst is 'Read-only views of outflow, for people; columns are only ever added.';

create view analyst.anomalies as
  select pipeline, topic, partition, "offset", event_time, record_time, entity_key, record, nll, p_value, severity,
         reasons, model_id, detected_at
  from outflow.anomalies;
comment on view analyst.anomalies is
  'Records judged improbable, one row each. nll is in nats, higher is stranger; p_value is the share of normal records at least as strange.';

create view analyst.anomaly_reasons as
  select anomalies.pipeline, anomalies.topic, anomalies.partition, anomalies."offset", anomalies.event_time,
         reason.rank, reason.entry ->> 'field' as field, (reason.entry ->> 'bits')::float8 as bits,
         reason.entry ->> 'observed' as observed, reason.entry ->> 'expected' as expected,
         reason.entry ->> 'text' as reason
  from outflow.anomalies as anomalies
  cross join lateral jsonb_array_elements(anomalies.reasons) with ordinality as reason (entry, rank);
comment on view analyst.anomaly_reasons is
  'Why each anomaly was judged improbable: one row a field, rank 1 the strongest. bits: how much less surprising the record would be with the expected value.';

create view analyst.models as
  select pipeline, id, state, parent_id, metadata, metrics, octet_length(artefact) as artefact_bytes,
         encode(checksum, 'hex') as checksum, created_at, promoted_at
  from outflow.models;
comment on view analyst.models is 'Fitted models without their weights; one is active per pipeline.';

create view analyst.dead_letters as
  select pipeline, topic, partition, "offset", reason, detail, message_key, value_start, value_bytes, record_time,
         rejected_at
  from outflow.dead_letters;
comment on view analyst.dead_letters is
  'Records that broke their contract and were not scored; value_start is the first KiB, the whole is on the dead-letter topic.';

create view analyst.score_statistics as
  select pipeline, minute, model_id, scored, anomalies, nll_min, nll_max, nll_sum / nullif(scored, 0) as nll_mean,
         histogram
  from outflow.score_statistics;
comment on view analyst.score_statistics is 'Scores per minute of Kafka''s record time and model; nll in nats.';

create view analyst.pipelines as
  select pipeline, topic, partition, next_offset, received, scored, rejected, anomalies, alerts, updated_at,
         skipped
  from outflow.offsets;
comment on view analyst.pipelines is
  'How far each pipeline has come in each partition, with exact counts: received = scored + rejected.';

-- Roles belong to the whole cluster: another database's migration may be creating this one at the same moment.
do $$
begin
  create role outflow_analyst nologin;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    if not exists (select from pg_roles where rolname = 'outflow_analyst') then
      raise exception 'this user may not create the role outflow_analyst'
        using hint = 'As a superuser: create role outflow_analyst nologin; then run outflow migrate again.';
    end if;
end
$$;

grant usage on schema analyst to outflow_analyst;
grant select on all tables in schema analyst to outflow_analyst;
