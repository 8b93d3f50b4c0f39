-- What: what the operator of a pipeline must know of: since when something has been wrong, or when something happened to its
--       models; and when the services that lead a pipeline have last shown that they live.
-- Why: each begins once and ends once, with the outbox row that tells of it; so neither a crash nor two relays repeat one.
-- An older process may run beside it: its relay sends the new kind of outbox row as any other.
alter table outflow.outbox drop constraint outbox_kind_known;
alter table outflow.outbox
  add constraint outbox_kind_known check (kind in ('alert', 'dead_letter', 'replayed', 'operation'));

create table outflow.operations (
  id bigint generated always as identity,
  pipeline text not null,
  -- one of OPERATION_KINDS in libs/contracts
  kind text not null,
  -- what happened in a moment, by the row that tells of it, such as model_changes/17; null: it begins and ends
  occurrence text,
  detail text not null,
  model_id text,
  begun_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint operations_pkey primary key (id),
  constraint operations_occur_once unique (pipeline, occurrence),
  constraint operations_of_a_moment_have_ended check (occurrence is null or ended_at is not null)
);

create unique index operations_open_once on outflow.operations (pipeline, kind) where ended_at is null;
create index operations_newest on outflow.operations (pipeline, id desc);

create table outflow.heartbeats (
  pipeline text not null,
  -- trainer, alerts: the one that leads
  service text not null,
  beat_at timestamptz not null default now(),
  -- what keeps the leader from its work, in words, such as too few records for a fit; null: nothing does
  waiting_for text,
  constraint heartbeats_pkey primary key (pipeline, service)
);

create view analyst.operations as
  select id, pipeline, kind, detail, model_id, begun_at, ended_at, occurrence is null and ended_at is null as is_open
  from outflow.operations;
comment on view analyst.operations is
  'What was or is wrong with a pipeline, and what happened to its models: since when, until when, in words.';
comment on column analyst.operations.id is 'Grows; the number in the id of the event that told of it.';
comment on column analyst.operations.pipeline is 'The pipeline.';
comment on column analyst.operations.kind is
  'The condition that holds, such as no_model, records_rejected or drift, or what happened once, such as model_rolled_back.';
comment on column analyst.operations.detail is 'What was found when it began, in words.';
comment on column analyst.operations.model_id is 'The model that it is about; null where it is about none.';
comment on column analyst.operations.begun_at is 'Since when, or when it happened.';
comment on column analyst.operations.ended_at is 'Until when; null while it goes on.';
comment on column analyst.operations.is_open is 'Whether it goes on.';

grant select on analyst.operations to outflow_analyst;
