-- The database's identity, the leaders and clocks of each pipeline, and how far each pipeline has read each partition.

-- The relay's consumer group contains this id: a new database next to an old broker starts its own position, and does
-- not skip alerts that it never sent.
create table outflow.database_identity (
  only_row boolean not null default true,
  id uuid not null default gen_random_uuid(),
  constraint database_identity_pkey primary key (only_row),
  constraint database_identity_one_row check (only_row)
);

insert into outflow.database_identity default values;

-- The session that leads a task, such as the relay of a pipeline; the leadership ends with the session. A table and not
-- an advisory lock: any role that may connect can hold an advisory lock, and only the owner can write this table.
create table outflow.leaderships (
  name text not null,
  database_oid oid not null,
  pid integer not null,
  backend_start timestamptz not null,
  constraint leaderships_pkey primary key (name)
);

create table outflow.heartbeats (
  pipeline text not null,
  -- the leading process: trainer or alerts
  service text not null,
  beat_at timestamptz not null default now(),
  -- why the leader cannot work, in words, such as too few records for a fit; null: it can
  waiting_for text,
  constraint heartbeats_pkey primary key (pipeline, service)
);

-- The clock of retention. It follows Postgres's clock and advances by at most a day an hour: a clock that jumps ahead
-- removes one day of data before somebody can notice, and not all of it.
create table outflow.retention_clocks (
  pipeline text not null,
  as_of timestamptz not null,
  ran_at timestamptz not null,
  constraint retention_clocks_pkey primary key (pipeline)
);

-- The offset moves in the transaction that writes what it covers, so every record counts once after any crash. Two
-- instances compare and set next_offset. A topic that is created again keeps its name, and topic_id differs.
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
  skipped bigint not null default 0,
  anomalies bigint not null default 0,
  alerts bigint not null default 0,
  missed bigint not null default 0,
  -- of online false-discovery control (detection.fdr), as of next_offset: the threshold of the next record depends on the
  -- discoveries before it; null: it has decided on no record
  fdr_state jsonb,
  updated_at timestamptz not null default now(),
  constraint offsets_pkey primary key (pipeline, topic, partition),
  constraint offsets_next_offset_not_negative check (next_offset >= 0),
  constraint offsets_every_record_counted_once check (received = scored + rejected),
  constraint offsets_anomalies_were_scored check (anomalies <= scored),
  constraint offsets_alerts_have_anomalies check (alerts <= anomalies),
  constraint offsets_missed_not_negative check (missed >= 0)
);

-- Offsets that were deleted before they were read.
create table outflow.gaps (
  id bigint generated always as identity,
  pipeline text not null,
  topic text not null,
  partition integer not null,
  kind text not null,
  -- the offset to read next before and after the gap; for a recreated topic, an offset of the old and one of the new topic
  from_offset bigint not null,
  to_offset bigint not null,
  missed bigint not null,
  found_at timestamptz not null default now(),
  constraint gaps_pkey primary key (id),
  constraint gaps_kind_known check (kind in ('retention', 'recreated'))
);

create index gaps_by_time on outflow.gaps (pipeline, found_at desc);

-- The windowed features of each entity as of the partition's offset: records that are read again after a crash get the
-- same features, and count once.
create table outflow.window_states (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  -- path of the entity, `key`: the message key, or `partition`: all records of the partition are one
  entity_by text not null,
  entity text not null,
  -- encoded by the windowed features
  state bytea not null,
  updated_at timestamptz not null default now(),
  constraint window_states_pkey primary key (pipeline, topic, partition, entity_by, entity),
  constraint window_states_offset_fkey foreign key (pipeline, topic, partition)
    references outflow.offsets (pipeline, topic, partition) on delete cascade
) with (fillfactor = 70);
