-- What: which dead letters were sent to their source again, and for which records a replay has raised an alert.
-- Why: a record is sent again once, however often the command is given: the mark commits with the outbox row that sends
--      it. A record's alert goes out once, whether the stream or a replay flagged it first.
-- An older process may run beside it: its relay sends the new kind of outbox row as any other.
alter table outflow.dead_letters
  add column replayed_at timestamptz,
  add column mended boolean not null default false;

alter table outflow.outbox drop constraint outbox_kind_known;
alter table outflow.outbox
  add constraint outbox_kind_known check (kind in ('alert', 'dead_letter', 'replayed'));

create table outflow.replay_alerts (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  model_id text not null,
  alerted_at timestamptz not null default now(),
  constraint replay_alerts_pkey primary key (pipeline, topic, partition, "offset")
);

create or replace view analyst.dead_letters as
  select pipeline, topic, partition, "offset", reason, detail, message_key, value_start, value_bytes, record_time,
         rejected_at, replayed_at, mended
  from outflow.dead_letters;
