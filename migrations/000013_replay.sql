-- What: which dead letters were sent to their source again.
-- Why: a record is sent again once, however often the command is given: the mark commits with the outbox row that sends it.
-- An older process may run beside it: its relay sends the new kind of outbox row as any other.
alter table outflow.dead_letters
  add column replayed_at timestamptz,
  add column mended boolean not null default false;

alter table outflow.outbox drop constraint outbox_kind_known;
alter table outflow.outbox
  add constraint outbox_kind_known check (kind in ('alert', 'dead_letter', 'replayed'));

create or replace view analyst.dead_letters as
  select pipeline, topic, partition, "offset", reason, detail, message_key, value_start, value_bytes, record_time,
         rejected_at, replayed_at, mended
  from outflow.dead_letters;
