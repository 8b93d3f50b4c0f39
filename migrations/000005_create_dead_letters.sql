-- What: the records that broke their contract: where they stand, why, and how they begin.
-- Why: the whole bytes are on the dead-letter topic; this is for looking, so a 2 MB body leaves a KiB here.
-- An older process may run beside it: the table is new.
create table outflow.dead_letters (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  reason text not null,
  detail text not null,
  message_key bytea,
  value_start bytea,
  value_bytes integer,
  record_time timestamptz not null,
  rejected_at timestamptz not null default now(),
  constraint dead_letters_pkey primary key (pipeline, topic, partition, "offset"),
  constraint dead_letters_start_is_bounded check (octet_length(value_start) <= 1024)
);

create index dead_letters_rejected on outflow.dead_letters (pipeline, rejected_at desc);
