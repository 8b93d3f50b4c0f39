-- What: candidates that score live traffic beside the active model before they are trusted; how often the two agreed, and the
--       records that only one of them would have flagged.
-- Why: the gate looks at records of the past; a shadow looks at those that come. Both tables move in the transactions that
--      count the records, so that a crash counts none twice.
-- An older process may run beside it: an ingest that knows of no shadow scores by the active model alone, and what it scores
--   is not counted as seen by both.
alter table outflow.models add column shadow_since timestamptz;
create unique index models_one_shadow on outflow.models (pipeline) where state = 'candidate' and shadow_since is not null;

alter table outflow.fits drop constraint fits_state_known;
alter table outflow.fits add constraint fits_state_known
  check (state in ('running', 'shadow', 'promoted', 'rejected', 'known', 'failed', 'abandoned'));

create table outflow.shadow_statistics (
  pipeline text not null,
  shadow_id text not null,
  -- the active model of the time
  model_id text not null,
  scored bigint not null,
  flagged_by_both bigint not null,
  flagged_by_active bigint not null,
  flagged_by_shadow bigint not null,
  updated_at timestamptz not null default now(),
  constraint shadow_statistics_pkey primary key (pipeline, shadow_id, model_id)
);

create table outflow.shadow_differences (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  shadow_id text not null,
  model_id text not null,
  flagged_by text not null,
  record_time timestamptz not null,
  event_time timestamptz not null,
  entity_key text,
  record jsonb not null,
  nll float8 not null,
  p_value float8 not null,
  shadow_nll float8 not null,
  shadow_p_value float8 not null,
  noted_at timestamptz not null default now(),
  constraint shadow_differences_pkey primary key (pipeline, shadow_id, topic, partition, "offset"),
  constraint shadow_differences_flagged_by_known check (flagged_by in ('active', 'shadow'))
);

create index shadow_differences_by_age on outflow.shadow_differences (pipeline, noted_at);

create view analyst.shadow_differences as
  select pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, flagged_by,
         model_id, nll, p_value, shadow_id, shadow_nll, shadow_p_value, noted_at
  from outflow.shadow_differences;
comment on view analyst.shadow_differences is
  'Records that a candidate and the active model, scoring side by side, did not both flag; of a batch the thousand that they differ in most.';
comment on column analyst.shadow_differences.pipeline is 'The pipeline.';
comment on column analyst.shadow_differences.topic is 'Where the record was read: its topic.';
comment on column analyst.shadow_differences.partition is 'Where the record was read: its partition.';
comment on column analyst.shadow_differences."offset" is 'Where the record was read: its offset.';
comment on column analyst.shadow_differences.record_time is 'Kafka''s timestamp of the record.';
comment on column analyst.shadow_differences.event_time is 'When the event happened, by the record itself.';
comment on column analyst.shadow_differences.entity_key is 'The entity; null where the record names none.';
comment on column analyst.shadow_differences.record is 'The record as it was decoded.';
comment on column analyst.shadow_differences.flagged_by is
  'active: only the active model flagged it, and it is in analyst.anomalies; shadow: only the candidate would have.';
comment on column analyst.shadow_differences.model_id is 'The active model.';
comment on column analyst.shadow_differences.nll is 'Negative log-likelihood under the active model, nats.';
comment on column analyst.shadow_differences.p_value is 'p-value under the active model.';
comment on column analyst.shadow_differences.shadow_id is 'The candidate.';
comment on column analyst.shadow_differences.shadow_nll is 'Negative log-likelihood under the candidate, nats.';
comment on column analyst.shadow_differences.shadow_p_value is 'p-value under the candidate.';
comment on column analyst.shadow_differences.noted_at is 'When both had scored it.';

create view analyst.shadows as
  select statistics.pipeline, statistics.shadow_id, statistics.model_id, models.state, models.shadow_since,
         statistics.scored, flagged_by_both, flagged_by_active, flagged_by_shadow,
         (flagged_by_active + flagged_by_shadow) / nullif(statistics.scored, 0)::float8 as disagreement,
         statistics.updated_at
  from outflow.shadow_statistics as statistics
  left join outflow.models as models on models.pipeline = statistics.pipeline and models.id = statistics.shadow_id;
comment on view analyst.shadows is 'How candidates agreed with the active model while they scored beside it; exact counts.';
comment on column analyst.shadows.pipeline is 'The pipeline.';
comment on column analyst.shadows.shadow_id is 'The candidate.';
comment on column analyst.shadows.model_id is 'The model that was active.';
comment on column analyst.shadows.state is 'What has become of the candidate: candidate (it still scores beside), active, retired or rejected.';
comment on column analyst.shadows.shadow_since is 'Since when it scored beside.';
comment on column analyst.shadows.scored is 'Records that both scored.';
comment on column analyst.shadows.flagged_by_both is 'Records that both flagged.';
comment on column analyst.shadows.flagged_by_active is 'Records that only the active model flagged.';
comment on column analyst.shadows.flagged_by_shadow is 'Records that only the candidate would have flagged.';
comment on column analyst.shadows.disagreement is 'Share of the records that one of them flags and the other does not.';
comment on column analyst.shadows.updated_at is 'When the last batch was counted.';

grant select on analyst.shadow_differences, analyst.shadows to outflow_analyst;
