-- What: how far each pipeline has come in each partition, exact counts of what it did there, and what was deleted before it came.
-- Why: the offset moves in the transaction that writes what it covers, so every record counts once after any crash;
--      next_offset is what two instances compare and set. A topic that is created again has the same name and other offsets:
--      its id tells them apart.
-- An older process may run beside it: the tables are new.
create table outflow.offsets (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  -- Kafka's id of the topic that next_offset belongs to; null: the broker has no topic ids
  topic_id text,
  received bigint not null default 0,
  scored bigint not null default 0,
  rejected bigint not null default 0,
  -- tombstones, which are no records: not among received
  skipped bigint not null default 0,
  anomalies bigint not null default 0,
  alerts bigint not null default 0,
  -- offsets that the topic's retention deleted before they were read
  missed bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint offsets_pkey primary key (pipeline, topic, partition),
  constraint offsets_next_offset_not_negative check (next_offset >= 0),
  constraint offsets_every_record_counted_once check (received = scored + rejected),
  constraint offsets_anomalies_were_scored check (anomalies <= scored),
  constraint offsets_alerts_have_anomalies check (alerts <= anomalies),
  constraint offsets_missed_not_negative check (missed >= 0)
);

create table outflow.gaps (
  id bigint generated always as identity,
  pipeline text not null,
  topic text not null,
  partition integer not null,
  kind text not null,
  -- what was to be read next, and what is read next; of a topic that was created again, offsets of the former and of the present one
  from_offset bigint not null,
  to_offset bigint not null,
  missed bigint not null,
  found_at timestamptz not null default now(),
  constraint gaps_pkey primary key (id),
  constraint gaps_kind_known check (kind in ('retention', 'recreated'))
);

create index gaps_newest on outflow.gaps (pipeline, found_at desc);
