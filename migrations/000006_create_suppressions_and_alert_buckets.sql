-- Fewer alerts: suppression rules, the buckets of grouping and cool-down, and the alerts that were not sent alone.

-- A rule hides alerts until it expires; its anomalies are stored like all others.
create table outflow.suppressions (
  id bigint generated always as identity,
  pipeline text not null,
  entity text,
  field text,
  direction text,
  range_low float8,
  range_high float8,
  time_of_week text,
  zone text not null,
  expires_at timestamptz not null,
  why text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  removed_by text,
  removed_at timestamptz,
  hidden bigint not null default 0,
  last_hidden_at timestamptz,
  constraint suppressions_pkey primary key (id),
  constraint suppressions_direction_known check (direction in ('above', 'below')),
  constraint suppressions_condition_given check (coalesce(entity, field, time_of_week) is not null),
  constraint suppressions_number_has_field
    check (field is not null or (direction is null and range_low is null and range_high is null)),
  constraint suppressions_range_ordered check (range_low <= range_high),
  constraint suppressions_expire_after_creation check (expires_at > created_at)
);

create index suppressions_by_expiry on outflow.suppressions (pipeline, expires_at);

-- Open buckets. The relay decides about an alert in the transaction that numbers it, so a crash repeats and loses no
-- decision.
create table outflow.alert_buckets (
  pipeline text not null,
  -- AlertBucket in libs/contracts
  bucket jsonb not null,
  kind text not null generated always as (bucket ->> 'kind') stored,
  -- a key may be too long for an index
  subject_md5 text not null generated always as (md5(bucket ->> 'subject')) stored,
  closes_at timestamptz not null generated always as (to_timestamp((bucket ->> 'closesAtMs')::float8 / 1000)) stored,
  constraint alert_buckets_pkey primary key (pipeline, kind, subject_md5)
);

-- Alerts that were not sent alone: those sent, hidden and grouped add up to the anomalies.
create table outflow.unsent_alerts (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  because text not null,
  rule_id bigint,
  group_id text,
  decided_at timestamptz not null default now(),
  constraint unsent_alerts_pkey primary key (pipeline, topic, partition, "offset"),
  constraint unsent_alerts_because_known check (because in ('rule', 'cooldown', 'key', 'reason', 'quiet', 'provisional')),
  constraint unsent_alerts_rule_given check ((because = 'rule') = (rule_id is not null)),
  constraint unsent_alerts_group_given check ((because in ('key', 'reason', 'quiet')) = (group_id is not null))
);

create index unsent_alerts_by_time on outflow.unsent_alerts (pipeline, decided_at);
