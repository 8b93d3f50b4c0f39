-- What: what each webhook is to be sent or was sent, and what could not be delivered; a view of both.
-- Why: the relay writes a delivery in the transaction that deletes the outbox row it has sent to Kafka, so no alert is missed
--      and a webhook that is away delays nobody. An event goes to a webhook under one id, however often it is tried.
-- An older process may run beside it: its relay queues nothing for webhooks. Stop it before you configure some.
create table outflow.webhook_deliveries (
  id bigint generated always as identity,
  pipeline text not null,
  webhook text not null,
  event_id text not null,
  -- null once it was delivered
  payload bytea,
  queued_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  first_attempt_at timestamptz,
  -- of the last attempt: what was answered, and what was wrong; never an address or a body, which may hold secrets
  status integer,
  failure text,
  delivered_at timestamptz,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_once unique (pipeline, webhook, event_id),
  constraint webhook_deliveries_keep_payload_while_waiting check ((payload is null) = (delivered_at is not null))
);

create index webhook_deliveries_due on outflow.webhook_deliveries (pipeline, webhook, due_at, id) where delivered_at is null;
create index webhook_deliveries_old on outflow.webhook_deliveries (pipeline, delivered_at) where delivered_at is not null;

create table outflow.webhook_dead_letters (
  id bigint generated always as identity,
  pipeline text not null,
  webhook text not null,
  event_id text not null,
  payload bytea not null,
  queued_at timestamptz not null,
  attempts integer not null,
  first_attempt_at timestamptz,
  status integer,
  failure text not null,
  died_at timestamptz not null default now(),
  constraint webhook_dead_letters_pkey primary key (id)
);

create index webhook_dead_letters_died on outflow.webhook_dead_letters (pipeline, died_at desc);

create view analyst.alert_deliveries as
  select pipeline, webhook, event_id, case when delivered_at is null then 'waiting' else 'delivered' end as state, attempts,
         status, failure, queued_at, first_attempt_at, delivered_at, null::timestamptz as died_at
  from outflow.webhook_deliveries
  union all
  select pipeline, webhook, event_id, 'dead', attempts, status, failure, queued_at, first_attempt_at, null, died_at
  from outflow.webhook_dead_letters;
comment on view analyst.alert_deliveries is
  'What each webhook was sent or is to be sent: one row an event and webhook. Alerts on Kafka are not in it.';
comment on column analyst.alert_deliveries.pipeline is 'The pipeline whose alert it is.';
comment on column analyst.alert_deliveries.webhook is 'The webhook''s name in outflow.yaml.';
comment on column analyst.alert_deliveries.event_id is
  'The id of the event, for an anomaly pipeline/topic/partition/offset; the receiver''s idempotency key.';
comment on column analyst.alert_deliveries.state is
  'waiting: for its first attempt or another; delivered: the receiver said so; dead: given up, outflow webhooks replay sends it again.';
comment on column analyst.alert_deliveries.attempts is 'How often it was tried.';
comment on column analyst.alert_deliveries.status is 'HTTP status of the last attempt; null: there was none, or no answer.';
comment on column analyst.alert_deliveries.failure is 'What was wrong with the last attempt that failed.';
comment on column analyst.alert_deliveries.queued_at is 'When it was queued: the alert had just gone to Kafka.';
comment on column analyst.alert_deliveries.first_attempt_at is 'When it was tried first.';
comment on column analyst.alert_deliveries.delivered_at is 'When the receiver had it.';
comment on column analyst.alert_deliveries.died_at is 'When it was given up.';

grant select on analyst.alert_deliveries to outflow_analyst;
