-- What: messages that wait to be sent (alerts and dead letters), and how far each pipeline's rows were numbered.
-- Why: an alert commits with the anomaly it tells of. Identity values are taken before commit, so they do not follow
--      commit order; the relay numbers what it can see, under its lock, and sends by that sequence.
-- An older process may run beside it: the tables are new.
create table outflow.outbox (
  id bigint generated always as identity,
  pipeline text not null,
  sequence bigint,
  kind text not null,
  topic text not null,
  message_key bytea,
  payload bytea,
  -- [[name, base64 of the value], …]; json and not jsonb, which refuses the NUL that a foreign header may carry
  headers json not null,
  created_at timestamptz not null default now(),
  constraint outbox_pkey primary key (id),
  constraint outbox_kind_known check (kind in ('alert', 'dead_letter'))
);

create unique index outbox_in_order on outflow.outbox (pipeline, sequence) where sequence is not null;
create index outbox_not_numbered on outflow.outbox (pipeline, id) where sequence is null;

create table outflow.outbox_sequences (
  pipeline text not null,
  last_sequence bigint not null,
  constraint outbox_sequences_pkey primary key (pipeline)
);
