-- What: each time that scores had drifted from their calibration: how, since when, and which fields moved.
-- Why: what the trainer learns from after a change begins at the change; an operator sees what moved.
-- An older process may run beside it: the table is new.
create table outflow.drift_alarms (
  id bigint generated always as identity,
  pipeline text not null,
  model_id text not null,
  -- stranger, too normal, more spread, less spread
  chart text not null,
  statistic float8 not null,
  -- of Kafka's record time: where the change began, and the minute that made it certain
  changed_at timestamptz not null,
  raised_at timestamptz not null,
  noted_at timestamptz not null default now(),
  -- [{"field": …, "nats": …}, …], the furthest first
  fields jsonb not null,
  constraint drift_alarms_pkey primary key (id),
  constraint drift_alarms_once unique (pipeline, model_id, raised_at)
);

create index drift_alarms_newest on outflow.drift_alarms (pipeline, id desc);

create view analyst.drift_alarms as
  select id, pipeline, model_id, chart, statistic, changed_at, raised_at, noted_at, fields
  from outflow.drift_alarms;
comment on view analyst.drift_alarms is
  'When scores had drifted from their calibration, since when, and by how many nats a record each field had moved.';

grant select on analyst.drift_alarms to outflow_analyst;
