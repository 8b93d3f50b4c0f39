-- What: how far each pipeline has come in each partition, and exact counts of what it did there.
-- Why: the offset moves in the transaction that writes what it covers, so every record counts once after any crash;
--      next_offset is what two instances compare and set.
-- An older process may run beside it: the table is new.
create table outflow.offsets (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  received bigint not null default 0,
  scored bigint not null default 0,
  rejected bigint not null default 0,
  -- tombstones, which are no records: not among received
  skipped bigint not null default 0,
  anomalies bigint not null default 0,
  alerts bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint offsets_pkey primary key (pipeline, topic, partition),
  constraint offsets_next_offset_not_negative check (next_offset >= 0),
  constraint offsets_every_record_counted_once check (received = scored + rejected),
  constraint offsets_anomalies_were_scored check (anomalies <= scored),
  constraint offsets_alerts_have_anomalies check (alerts <= anomalies)
);
