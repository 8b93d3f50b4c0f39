-- Models, the fits that make them, the changes of the active one, shadows, and the recalibrations between fits.

create table outflow.models (
  pipeline text not null,
  id text not null,
  -- the model itself, or the one of the same weights whose calibration set was trimmed by labels
  fitted_id text not null generated always as (coalesce(metadata #>> '{calibration,labels,of}', id)) stored,
  state text not null,
  artefact bytea not null,
  checksum bytea not null,
  metadata jsonb not null,
  metrics jsonb not null,
  parent_id text,
  created_at timestamptz not null default now(),
  promoted_at timestamptz,
  -- a candidate that scores live records without deciding; null: it does not, or never did
  shadow_since timestamptz,
  constraint models_pkey primary key (pipeline, id),
  constraint models_state_known check (state in ('candidate', 'active', 'retired', 'failed_gate', 'rolled_back')),
  constraint models_checksum_is_sha256 check (octet_length(checksum) = 32)
);

-- Weights do not compress: Postgres reads them faster uncompressed.
alter table outflow.models alter column artefact set storage external;

create unique index models_one_active on outflow.models (pipeline) where state = 'active';
create unique index models_one_shadow on outflow.models (pipeline) where state = 'candidate' and shadow_since is not null;
create index models_by_time on outflow.models (pipeline, created_at desc);

-- Calibration records of a fitted model that people may label. A record that is confirmed as an anomaly leaves the calibration
-- set: the trainer then makes another model of the same weights.
create table outflow.calibration_records (
  pipeline text not null,
  model_id text not null,
  rank integer not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  record_time timestamptz not null,
  record jsonb not null,
  nll float8 not null,
  constraint calibration_records_pkey primary key (pipeline, model_id, rank)
);

create index calibration_records_by_position on outflow.calibration_records (pipeline, topic, partition, "offset");

create table outflow.model_changes (
  id bigint generated always as identity,
  pipeline text not null,
  action text not null,
  model_id text not null,
  previous_id text,
  made_by text not null,
  why text not null,
  made_at timestamptz not null default now(),
  constraint model_changes_pkey primary key (id),
  constraint model_changes_action_known check (action in ('promote', 'rollback'))
);

create index model_changes_by_id on outflow.model_changes (pipeline, id desc);

-- A report of every fit, including those that gave no model.
create table outflow.fits (
  id bigint generated always as identity,
  pipeline text not null,
  because text not null,
  state text not null default 'running',
  model_id text,
  incumbent_id text,
  step integer not null default 0,
  max_steps integer,
  -- window, records, curves, calibration, gate, cost, seed; grows while the fit runs
  report jsonb not null,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint fits_pkey primary key (id),
  constraint fits_state_known
    check (state in ('running', 'shadow', 'promoted', 'failed_gate', 'known', 'failed', 'abandoned')),
  constraint fits_ended_unless_running check ((state = 'running') = (ended_at is null))
);

create index fits_by_id on outflow.fits (pipeline, id desc);
create index fits_by_model on outflow.fits (pipeline, model_id, id desc);

create table outflow.retrain_requests (
  id bigint generated always as identity,
  pipeline text not null,
  requested_by text not null,
  why text not null,
  -- the fit that answers the request; null: none yet
  fit_id bigint,
  constraint retrain_requests_pkey primary key (id)
);

create index retrain_requests_unanswered on outflow.retrain_requests (pipeline, id) where fit_id is null;

create table outflow.training_exclusions (
  id bigint generated always as identity,
  pipeline text not null,
  from_time timestamptz not null,
  to_time timestamptz not null,
  why text not null,
  excluded_by text not null,
  excluded_at timestamptz not null default now(),
  constraint training_exclusions_pkey primary key (id),
  constraint training_exclusions_from_before_to check (from_time < to_time)
);

-- How often the active model and a shadow agreed, and the records on which they did not. Both tables are written in the
-- transaction that counts the records, so a crash counts none twice.
create table outflow.shadow_statistics (
  pipeline text not null,
  shadow_id text not null,
  model_id text not null,
  scored bigint not null,
  anomalies_by_both bigint not null,
  anomalies_by_active bigint not null,
  anomalies_by_shadow bigint not null,
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
  anomaly_by text not null,
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
  constraint shadow_differences_anomaly_by_known check (anomaly_by in ('active', 'shadow'))
);

create index shadow_differences_by_time on outflow.shadow_differences (pipeline, noted_at);

-- Recalibrations of p-values between two fits, made from committed statistics and never changed: model and recalibration
-- together determine every p-value.
create table outflow.recalibrations (
  id bigint generated always as identity,
  pipeline text not null,
  model_id text not null,
  recalibration jsonb not null,
  factor float8 not null,
  until_time timestamptz not null,
  made_at timestamptz not null default now(),
  constraint recalibrations_pkey primary key (id)
);

create index recalibrations_by_model on outflow.recalibrations (pipeline, model_id, id desc);
