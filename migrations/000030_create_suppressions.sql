-- What: which alerts nobody wants to see, until when, who said so and why, and how many each rule has hidden.
-- Why: a known oddity should cost nobody's attention, and should be told again once the rule has expired. A rule hides alerts
--      and nothing else: its anomalies are stored as ever.
-- An older process may run beside it: the table is new. Its relay sends what the rules would hide.
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
  constraint suppressions_name_something check (coalesce(entity, field, time_of_week) is not null),
  constraint suppressions_number_has_field
    check (field is not null or (direction is null and range_low is null and range_high is null)),
  constraint suppressions_range_goes_forward check (range_low <= range_high),
  constraint suppressions_expire_later check (expires_at > created_at)
);

create index suppressions_by_pipeline on outflow.suppressions (pipeline, expires_at);

create view analyst.suppressions as
  select id, pipeline, entity, field, direction, range_low, range_high, time_of_week, zone, expires_at, why, created_by,
         created_at, removed_by, removed_at, removed_at is null and expires_at > now() as active, hidden, last_hidden_at
  from outflow.suppressions;
comment on view analyst.suppressions is
  'Rules that hide alerts until they expire: all that a rule names must hold. The anomalies themselves are in analyst.anomalies.';
comment on column analyst.suppressions.id is 'Names the rule, as in outflow suppress remove 3.';
comment on column analyst.suppressions.pipeline is 'Whose alerts it hides.';
comment on column analyst.suppressions.entity is 'Key of the alerts that it hides; null: any.';
comment on column analyst.suppressions.field is 'Field of the main reason, the one of the most bits; null: any.';
comment on column analyst.suppressions.direction is
  'above or below: where the field''s number lies, seen from what was expected; null: either.';
comment on column analyst.suppressions.range_low is 'Least number of the field that it hides; null: no bound.';
comment on column analyst.suppressions.range_high is 'Largest number of the field that it hides; null: no bound.';
comment on column analyst.suppressions.time_of_week is
  'When the event happened, by the record''s own time, such as mon 06:00-09:00; null: whenever.';
comment on column analyst.suppressions.zone is 'Whose clocks time_of_week goes by.';
comment on column analyst.suppressions.expires_at is 'Anomalies that are detected from then on are told again.';
comment on column analyst.suppressions.why is 'The reason that was given for it.';
comment on column analyst.suppressions.created_by is 'Who made it.';
comment on column analyst.suppressions.created_at is 'When it was made.';
comment on column analyst.suppressions.removed_by is 'Who took it away before it expired; null: nobody.';
comment on column analyst.suppressions.removed_at is 'When it was taken away; null: it was not.';
comment on column analyst.suppressions.active is 'Whether it hides alerts now.';
comment on column analyst.suppressions.hidden is 'How many alerts it has hidden.';
comment on column analyst.suppressions.last_hidden_at is 'When it last hid one; null: never yet.';

grant select on analyst.suppressions to outflow_analyst;
