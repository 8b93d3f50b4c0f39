-- Messages to send: the outbox for Kafka, the deliveries of each webhook, and the health events that are sent.

-- An alert commits with its anomaly. Identity values are assigned before commit and do not follow commit order, so the
-- relay numbers the rows that it sees, while it holds the row of outbox_sequences, and sends in that sequence.
create table outflow.outbox (
  id bigint generated always as identity,
  pipeline text not null,
  sequence bigint,
  kind text not null,
  topic text not null,
  -- null: by Kafka's hash of the key
  partition integer,
  message_key bytea,
  payload bytea,
  -- [[name, base64 of the value], …]; json, because jsonb refuses a NUL, which a header name may have
  headers json not null,
  created_at timestamptz not null default now(),
  constraint outbox_pkey primary key (id),
  constraint outbox_kind_known check (kind in ('alert', 'explained', 'dead_letter', 'resent', 'health_event'))
);

create unique index outbox_by_sequence on outflow.outbox (pipeline, sequence) where sequence is not null;
create index outbox_unnumbered on outflow.outbox (pipeline, id) where sequence is null;

create table outflow.outbox_sequences (
  pipeline text not null,
  last_sequence bigint not null,
  constraint outbox_sequences_pkey primary key (pipeline)
);

-- The relay queues a delivery in the transaction that deletes the outbox row it has sent to Kafka: no event is missed,
-- and an unreachable webhook delays no other. Every attempt of a delivery has the same event id.
create table outflow.webhook_deliveries (
  id bigint generated always as identity,
  pipeline text not null,
  webhook text not null,
  event_id text not null,
  -- null after the delivery
  payload bytea,
  -- W3C trace context of the event; null: none
  traceparent text,
  queued_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  first_attempt_at timestamptz,
  -- HTTP status and error of the last attempt; never an address or a body, which may hold secrets
  status integer,
  failure text,
  delivered_at timestamptz,
  -- when the attempts stopped: the delivery is a dead letter until it is resent
  died_at timestamptz,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_once unique (pipeline, event_id, webhook),
  constraint webhook_deliveries_payload_until_delivered check ((payload is null) = (delivered_at is not null)),
  constraint webhook_deliveries_delivered_or_dead check (delivered_at is null or died_at is null)
);

create index webhook_deliveries_due on outflow.webhook_deliveries (pipeline, webhook, due_at, id)
  where delivered_at is null and died_at is null;
create index webhook_deliveries_delivered on outflow.webhook_deliveries (pipeline, delivered_at) where delivered_at is not null;
create index webhook_deliveries_dead on outflow.webhook_deliveries (pipeline, died_at) where died_at is not null;

-- Each health event starts once and ends once, in the transaction that puts its message into the outbox: neither a crash
-- nor two relays repeat one.
create table outflow.health_events (
  id bigint generated always as identity,
  pipeline text not null,
  -- one of HEALTH_EVENT_KINDS in libs/contracts
  kind text not null,
  -- for what happened at one moment, the row that records it, such as model_changes/17; null: a condition with start and end
  occurrence text,
  detail text not null,
  model_id text,
  begun_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint health_events_pkey primary key (id),
  constraint health_events_occurrence_once unique (pipeline, occurrence),
  constraint health_events_occurrence_has_ended check (occurrence is null or ended_at is not null)
);

create unique index health_events_open_once on outflow.health_events (pipeline, kind) where ended_at is null;
