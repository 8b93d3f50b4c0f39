-- What: fitted models: the artefact with its checksum, what it was fitted from, and which one is active.
-- Why: ingest takes the active model from here; a partial unique index makes a second active one impossible.
-- An older process may run beside it: the table is new.
create table outflow.models (
  pipeline text not null,
  id text not null,
  state text not null,
  artefact bytea not null,
  checksum bytea not null,
  metadata jsonb not null,
  metrics jsonb not null,
  parent_id text,
  created_at timestamptz not null default now(),
  promoted_at timestamptz,
  constraint models_pkey primary key (pipeline, id),
  constraint models_state_known check (state in ('candidate', 'active', 'retired', 'rejected')),
  constraint models_checksum_is_sha256 check (octet_length(checksum) = 32)
);

-- Weights do not compress; uncompressed out of line they are read as they stand.
alter table outflow.models alter column artefact set storage external;

create unique index models_one_active on outflow.models (pipeline) where state = 'active';
create index models_newest on outflow.models (pipeline, created_at desc);
