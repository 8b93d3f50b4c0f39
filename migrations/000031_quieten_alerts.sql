-- What: windows in which alerts are counted, gathered into groups, or cooled down; and which alerts did not leave by themselves,
--      and why.
-- Why: the relay decides on an alert in the transaction that gives it its place in the order of sending, so that a crash repeats
--      no decision and loses none. What did not leave is on record: sent, hidden and gathered add up to the anomalies.
-- An older process may run beside it: the tables are new. Its relay sends each alert by itself.
create table outflow.alert_windows (
  pipeline text not null,
  kind text not null,
  -- the key; or the reason as ["field","above"]; or nothing
  subject text not null,
  -- keys may be longer than an index takes
  subject_md5 text not null generated always as (md5(subject)) stored,
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  allowance integer not null,
  sent integer not null,
  count integer not null,
  severity text,
  first_id text,
  first_at timestamptz,
  last_at timestamptz,
  examples jsonb not null,
  constraint alert_windows_pkey primary key (pipeline, kind, subject_md5),
  constraint alert_windows_kind_known check (kind in ('key', 'reason', 'quiet', 'cooldown'))
);

create index alert_windows_due on outflow.alert_windows (pipeline, closes_at);

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
  constraint unsent_alerts_because_known check (because in ('rule', 'cooldown', 'key', 'reason', 'quiet')),
  constraint unsent_alerts_name_the_rule check ((because = 'rule') = (rule_id is not null)),
  constraint unsent_alerts_name_the_group check ((because in ('key', 'reason', 'quiet')) = (group_id is not null))
);

create index unsent_alerts_old on outflow.unsent_alerts (pipeline, decided_at);
create index unsent_alerts_of_rule on outflow.unsent_alerts (rule_id) where rule_id is not null;

create view analyst.unsent_alerts as
  select unsent.pipeline, unsent.topic, unsent.partition, unsent."offset", unsent.because, unsent.rule_id,
         rule.why as rule_why, unsent.group_id, unsent.decided_at
  from outflow.unsent_alerts as unsent
  left join outflow.suppressions as rule on rule.id = unsent.rule_id;
comment on view analyst.unsent_alerts is
  'Anomalies whose alert did not leave by itself, one row each, and why; those that are in no row were told one by one.';
comment on column analyst.unsent_alerts.pipeline is 'With topic, partition and offset: the position, as in analyst.anomalies.';
comment on column analyst.unsent_alerts.topic is 'Topic of the anomaly''s record.';
comment on column analyst.unsent_alerts.partition is 'Partition of the anomaly''s record.';
comment on column analyst.unsent_alerts."offset" is 'Offset of the anomaly''s record.';
comment on column analyst.unsent_alerts.because is
  'rule: a suppression hid it; cooldown: its key had been told lately; key, reason, quiet: it is in a group, of its key, of its main reason, or of quiet hours.';
comment on column analyst.unsent_alerts.rule_id is 'The suppression that hid it, as in analyst.suppressions; null: none did.';
comment on column analyst.unsent_alerts.rule_why is 'The reason that was given for that suppression.';
comment on column analyst.unsent_alerts.group_id is 'Id of the event that tells of its group, once it is sent; null: it is in none.';
comment on column analyst.unsent_alerts.decided_at is 'When the relay decided so.';

grant select on analyst.unsent_alerts to outflow_analyst;
