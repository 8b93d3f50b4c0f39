-- What: what each entity of a partition has done in the windows of its pipeline's features, as bytes of libs/windows.
-- Why: written in the transaction that moves the partition's offset, it is at any time the state as of that offset: records
--      that are read again after a crash get the same features, and count once. Rows go with their partition's offset.
-- An older process may run beside it: the table is new.
create table outflow.window_states (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  -- path of the entity, or `key`: the message key
  entity_by text not null,
  entity text not null,
  state bytea not null,
  updated_at timestamptz not null default now(),
  constraint window_states_pkey primary key (pipeline, topic, partition, entity_by, entity),
  constraint window_states_have_their_offset foreign key (pipeline, topic, partition)
    references outflow.offsets (pipeline, topic, partition) on delete cascade
) with (fillfactor = 70);
