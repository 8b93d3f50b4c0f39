-- What: what people said about anomalies.
-- Why: a false alarm that somebody marked is evidence for the next model and for the alert rate.
-- An older process may run beside it: the table is new.
create table outflow.feedback (
  id bigint generated always as identity,
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  verdict text not null,
  note text,
  given_by text not null,
  given_at timestamptz not null default now(),
  constraint feedback_pkey primary key (id),
  constraint feedback_verdict_known check (verdict in ('confirmed', 'false_alarm'))
);

create index feedback_position on outflow.feedback (pipeline, topic, partition, "offset");
