-- What: how sure an anomaly's p-value is, and the nearest normal record; the state of online false-discovery control for each
--       partition; bits of surprise in the analysts' view.
-- Why: the level that the next record is held to follows from the rejections before it, so it moves in the transaction that
--      moves the offset: after a crash or a rebalance the verdicts are those of an undisturbed run.
-- An older process may run beside it: it leaves the new columns null. With `detection.fdr` stop it first, as it would move
--      offsets past records that the control has not counted.
alter table outflow.anomalies
  add column p_upper float8,
  add column nearest jsonb,
  add constraint anomalies_p_upper_is_probability check (p_upper between 0 and 1);

create table outflow.false_discovery (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  state jsonb not null,
  updated_at timestamptz not null default now(),
  constraint false_discovery_pkey primary key (pipeline, topic, partition),
  constraint false_discovery_offset_fkey foreign key (pipeline, topic, partition)
    references outflow.offsets (pipeline, topic, partition) on delete cascade
);

create or replace view analyst.anomalies as
  select pipeline, topic, partition, "offset", event_time, record_time, entity_key, record, nll, p_value, severity,
         reasons, model_id, detected_at, -ln(nullif(p_value, 0)) / ln(2) as surprise_bits, p_upper, nearest
  from outflow.anomalies;
comment on view analyst.anomalies is
  'Records judged improbable, one row each. nll is in nats and the record''s own units, higher is stranger; p_value is the share of normal records at least as strange, p_upper its 95 % upper confidence limit, surprise_bits −log2 of it.';
