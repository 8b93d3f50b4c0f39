-- What people do: verdicts on anomalies and calibration records, the audit log of the console, and the roles to grant to people.

-- Every verdict stays, and the latest on a record counts. detected_at is copied, because a verdict is kept longer than
-- its anomaly and counts for the week of the detection; null: a calibration record that was no anomaly. record_time finds
-- the anomaly in one partition.
create table outflow.verdicts (
  id bigint generated always as identity,
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  verdict text not null,
  note text,
  given_by text not null,
  given_at timestamptz not null default now(),
  detected_at timestamptz,
  record_time timestamptz not null,
  constraint verdicts_pkey primary key (id),
  constraint verdicts_verdict_known check (verdict in ('confirmed', 'false_alarm', 'expected')),
  constraint verdicts_note_is_bounded check (length(note) <= 4000)
);

create index verdicts_by_position on outflow.verdicts (pipeline, topic, partition, "offset");

create function outflow.insert_verdict(
  of_pipeline text, of_topic text, of_partition integer, of_offset bigint, verdict text, note text, given_by text
) returns setof outflow.verdicts
language sql
as $$
  insert into outflow.verdicts (pipeline, topic, partition, "offset", verdict, note, given_by, detected_at, record_time)
  select of_pipeline, of_topic, of_partition, of_offset, insert_verdict.verdict, nullif(insert_verdict.note, ''),
         insert_verdict.given_by, min(detected_at), min(record_time)
  from (
    select detected_at, record_time from outflow.anomalies
    where pipeline = of_pipeline and topic = of_topic and partition = of_partition and "offset" = of_offset
    union all
    select null, record_time from outflow.calibration_records
    where pipeline = of_pipeline and topic = of_topic and partition = of_partition and "offset" = of_offset
  ) as record
  having count(*) > 0
  returning *
$$;
comment on function outflow.insert_verdict is
  'Stores a verdict in the name of given_by and returns it; no row is returned when no such anomaly or calibration record is stored.';
revoke execute on function outflow.insert_verdict from public;

create function outflow.give_verdict(anomaly_id text, verdict text, note text default null) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  at text[] := regexp_match(anomaly_id, '^([^/]+)/([^/]+)/([0-9]{1,9})/([0-9]{1,18})$');
  given bigint;
begin
  if verdict is null or verdict not in ('confirmed', 'false_alarm', 'expected') then
    raise exception 'a verdict is confirmed, false_alarm or expected, not %', coalesce(verdict, 'null')
      using errcode = 'check_violation';
  end if;
  -- session_user is the login, whatever role is set; current_user is the owner of this function.
  select id into given
  from outflow.insert_verdict(at[1], at[2], at[3]::integer, at[4]::bigint, verdict, note, session_user);
  if given is null then
    raise exception 'no anomaly % is stored', coalesce(anomaly_id, 'null')
      using errcode = 'no_data_found',
            hint = 'analyst.anomalies and analyst.calibration_records list ids: pipeline/topic/partition/offset.';
  end if;
  return given;
end
$$;
comment on function outflow.give_verdict is
  'Stores a verdict of the user who is logged in: confirmed, false_alarm or expected, on the anomaly or calibration record pipeline/topic/partition/offset.';
revoke execute on function outflow.give_verdict from public;

-- The row is written before the change is made: no change is without one, and a row that stays `begun` shows that the
-- console ended during the change.
create table outflow.audit (
  id bigint generated always as identity,
  at timestamptz not null default now(),
  actor text not null,
  role text not null,
  authentication text not null,
  action text not null,
  pipeline text,
  target text,
  detail jsonb not null,
  outcome text not null default 'begun',
  problem text,
  constraint audit_pkey primary key (id),
  constraint audit_outcome_known check (outcome in ('begun', 'done', 'failed', 'denied'))
);

-- outflow_analyst reads the views of schema analyst and can do nothing else; outflow_reviewer gives verdicts. Roles
-- belong to the whole cluster: the migration of another database may create them at the same moment.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['outflow_analyst', 'outflow_reviewer'] loop
    begin
      execute format('create role %I nologin', wanted);
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        if not exists (select from pg_roles where rolname = wanted) then
          raise exception 'this user may not create the role %', wanted
            using hint = 'As a superuser: create role outflow_analyst nologin; create role outflow_reviewer nologin; '
              'then run outflow migrate again.';
        end if;
    end;
  end loop;
end
$$;

grant usage on schema outflow to outflow_reviewer;
grant execute on function outflow.give_verdict to outflow_reviewer;
