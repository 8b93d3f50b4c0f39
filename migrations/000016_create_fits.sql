-- What: a report of every fit, whatever became of it; every change of the active model, with who and why; retraining that
--      was asked for; spans of time that no model is to learn from.
-- Why: an operator need not think about retraining, and can look into each one: what it saw, how it did, what decided.
-- An older process may run beside it: the tables are new, and it writes none of them.
create table outflow.fits (
  id bigint generated always as identity,
  pipeline text not null,
  -- no model, schedule, features changed, more records, asked for, drift
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
  constraint fits_state_known check (state in ('running', 'promoted', 'rejected', 'known', 'failed', 'abandoned')),
  constraint fits_end_when_not_running check ((state = 'running') = (ended_at is null))
);

create index fits_newest on outflow.fits (pipeline, id desc);
create index fits_of_model on outflow.fits (pipeline, model_id, id desc);

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

create index model_changes_newest on outflow.model_changes (pipeline, id desc);

create table outflow.retrain_requests (
  id bigint generated always as identity,
  pipeline text not null,
  requested_by text not null,
  why text not null,
  requested_at timestamptz not null default now(),
  fit_id bigint,
  constraint retrain_requests_pkey primary key (id)
);

create index retrain_requests_waiting on outflow.retrain_requests (pipeline, id) where fit_id is null;

create table outflow.training_exclusions (
  id bigint generated always as identity,
  pipeline text not null,
  -- of Kafka's record time, as the window is: from ≤ t < to
  from_time timestamptz not null,
  to_time timestamptz not null,
  why text not null,
  excluded_by text not null,
  excluded_at timestamptz not null default now(),
  constraint training_exclusions_pkey primary key (id),
  constraint training_exclusions_go_forward check (from_time < to_time)
);

create index training_exclusions_by_pipeline on outflow.training_exclusions (pipeline, to_time);

create view analyst.fits as
  select id, pipeline, because, state, model_id, incumbent_id, started_at, ended_at,
         extract(epoch from coalesce(ended_at, updated_at) - started_at) as duration_seconds,
         step, max_steps,
         (report -> 'window' ->> 'from')::timestamptz as window_from, (report -> 'window' ->> 'to')::timestamptz as window_to,
         report -> 'window' ->> 'shortened' as window_shortened,
         (report -> 'records' ->> 'fitted')::bigint as fitted, (report -> 'records' ->> 'heldOut')::bigint as held_out,
         (report -> 'records' ->> 'rejected')::bigint as rejected, (report -> 'records' ->> 'excluded')::bigint as excluded,
         (report -> 'gate' -> 'gain' ->> 'mean')::float8 as gain_nats,
         (report -> 'gate' -> 'gain' ->> 'lower')::float8 as gain_lower,
         (report -> 'gate' -> 'gain' ->> 'upper')::float8 as gain_upper,
         report -> 'gate' ->> 'against' as gain_against,
         (report -> 'gate' ->> 'flaggedShare')::float8 as flagged_share,
         report -> 'gate' -> 'failures' as gate_failures,
         (report -> 'fit' ->> 'peakMemoryBytes')::bigint as peak_memory_bytes,
         report -> 'fit' -> 'atSteps' as curve_steps, report -> 'fit' -> 'trainNll' as train_curve,
         report -> 'fit' -> 'validationNll' as validation_curve,
         (report ->> 'seed')::bigint as seed, report
  from outflow.fits;
comment on view analyst.fits is
  'Every fit: why it was made, its window and records, curves, what the gate found (gain in nats a record) and what it cost.';

create view analyst.model_changes as
  select id, pipeline, action, model_id, previous_id, made_by, why, made_at
  from outflow.model_changes;
comment on view analyst.model_changes is 'Who or what made which model the active one, when and why.';

create view analyst.training_exclusions as
  select id, pipeline, from_time, to_time, why, excluded_by, excluded_at
  from outflow.training_exclusions;
comment on view analyst.training_exclusions is 'Spans of Kafka''s record time that no model is fitted to.';

grant select on analyst.fits, analyst.model_changes, analyst.training_exclusions to outflow_analyst;
