-- What: a third verdict, `expected`; when the anomaly was detected, beside its verdict; a function and a role by which people
--       give verdicts in SQL; views of verdicts and of the measured precision of each week.
-- Why: what was odd and known beforehand is neither a find nor a fault of the model. Precision belongs to the week in which
--      the anomaly was found, and is to outlive the anomaly itself. outflow_analyst stays read-only: who may judge is granted
--      outflow_reviewer beside it, and stands in given_by under the name it logged in by.
-- An older process may run beside it: it leaves the new column null, and takes `expected` for neither of the two it knows.
alter table outflow.feedback drop constraint feedback_verdict_known;
alter table outflow.feedback
  add constraint feedback_verdict_known check (verdict in ('confirmed', 'false_alarm', 'expected')),
  add constraint feedback_note_is_bounded check (length(note) <= 4000) not valid,
  add column detected_at timestamptz;

-- No row is returned where the record is not stored as an anomaly.
create function outflow.note_verdict(
  of_pipeline text, of_topic text, of_partition integer, of_offset bigint, verdict text, note text, given_by text
) returns setof outflow.feedback
language sql
as $$
  insert into outflow.feedback (pipeline, topic, partition, "offset", verdict, note, given_by, detected_at)
  select of_pipeline, of_topic, of_partition, of_offset, note_verdict.verdict, nullif(note_verdict.note, ''),
         note_verdict.given_by, min(detected_at)
  from outflow.anomalies
  where pipeline = of_pipeline and topic = of_topic and partition = of_partition and "offset" = of_offset
  having count(*) > 0
  returning *
$$;

create function outflow.give_verdict(anomaly_id text, verdict text, note text default null) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  at text[] := regexp_match(anomaly_id, '^([^/]+)/([^/]+)/(\d{1,9})/(\d{1,18})$');
  given bigint;
begin
  if verdict is null or verdict not in ('confirmed', 'false_alarm', 'expected') then
    raise exception 'a verdict is confirmed, false_alarm or expected, not %', coalesce(verdict, 'null')
      using errcode = 'check_violation';
  end if;
  -- session_user: who logged in, whatever role is set, and not this function's owner.
  select id into given
  from outflow.note_verdict(at[1], at[2], at[3]::integer, at[4]::bigint, verdict, note, session_user);
  if given is null then
    raise exception 'no anomaly % is stored', coalesce(anomaly_id, 'null')
      using errcode = 'no_data_found', hint = 'analyst.anomalies lists them; an id is pipeline/topic/partition/offset.';
  end if;
  return given;
end
$$;
comment on function outflow.give_verdict(text, text, text) is
  'Says of an anomaly, by its id pipeline/topic/partition/offset, that it is confirmed, false_alarm or expected, and why. The latest verdict counts.';
revoke execute on function outflow.note_verdict(text, text, integer, bigint, text, text, text) from public;
revoke execute on function outflow.give_verdict(text, text, text) from public;

create view analyst.verdicts as
  select pipeline, topic, partition, "offset", concat_ws('/', pipeline, topic, partition, "offset") as anomaly_id,
         verdict, note, given_by, given_at, detected_at,
         id = max(id) over (partition by pipeline, topic, partition, "offset") as counts
  from outflow.feedback;
comment on view analyst.verdicts is 'What people said about anomalies, every verdict ever given; the latest on an anomaly counts.';
comment on column analyst.verdicts.pipeline is 'The pipeline that flagged the record.';
comment on column analyst.verdicts.topic is 'Where the record was read: its topic.';
comment on column analyst.verdicts.partition is 'Where the record was read: its partition.';
comment on column analyst.verdicts."offset" is 'Where the record was read: its offset.';
comment on column analyst.verdicts.anomaly_id is 'pipeline/topic/partition/offset: the id of its alert, and what outflow explain takes.';
comment on column analyst.verdicts.verdict is
  'confirmed: worth knowing; false_alarm: an ordinary record; expected: out of the ordinary, and known beforehand.';
comment on column analyst.verdicts.note is 'Why, in the words of who gave it.';
comment on column analyst.verdicts.given_by is 'Who gave it.';
comment on column analyst.verdicts.given_at is 'When it was given.';
comment on column analyst.verdicts.detected_at is 'When the record was flagged; null for verdicts of earlier outflows.';
comment on column analyst.verdicts.counts is 'Whether it is the latest on its anomaly.';

create view analyst.precision_by_week as
  select pipeline, week, confirmed, false_alarms, expected, judged, confirmed::float8 / judged as precision,
         -- Wilson's interval (1927) at 95 %, z = 1.96
         (confirmed + 1.9208 - 1.96 * sqrt(confirmed * (judged - confirmed) / judged::float8 + 0.9604)) / (judged + 3.8416)
           as precision_lower,
         (confirmed + 1.9208 + 1.96 * sqrt(confirmed * (judged - confirmed) / judged::float8 + 0.9604)) / (judged + 3.8416)
           as precision_upper
  from (
    select pipeline, (date_trunc('week', coalesce(detected_at, given_at) at time zone 'utc'))::date as week,
           count(*) filter (where verdict = 'confirmed') as confirmed,
           count(*) filter (where verdict = 'false_alarm') as false_alarms,
           count(*) filter (where verdict = 'expected') as expected,
           count(*) as judged
    from analyst.verdicts
    where counts
    group by 1, 2
  ) as weeks;
comment on view analyst.precision_by_week is
  'What share of the anomalies that people judged was worth knowing, by pipeline and by the week in which they were flagged. What nobody judged is not in it: judge a sample, not only the odd ones.';
comment on column analyst.precision_by_week.pipeline is 'The pipeline.';
comment on column analyst.precision_by_week.week is 'The Monday on which the week of the detection began, UTC.';
comment on column analyst.precision_by_week.confirmed is 'Anomalies whose latest verdict is confirmed.';
comment on column analyst.precision_by_week.false_alarms is 'Anomalies whose latest verdict is false_alarm.';
comment on column analyst.precision_by_week.expected is 'Anomalies whose latest verdict is expected.';
comment on column analyst.precision_by_week.judged is 'Anomalies with a verdict: the sum of the three.';
comment on column analyst.precision_by_week.precision is 'confirmed / judged.';
comment on column analyst.precision_by_week.precision_lower is 'Lower end of the 95 % interval of the precision (Wilson).';
comment on column analyst.precision_by_week.precision_upper is 'Upper end of the 95 % interval of the precision (Wilson).';

-- Roles belong to the whole cluster: another database's migration may be creating this one at the same moment.
do $$
begin
  create role outflow_reviewer nologin;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    if not exists (select from pg_roles where rolname = 'outflow_reviewer') then
      raise exception 'this user may not create the role outflow_reviewer'
        using hint = 'As a superuser: create role outflow_reviewer nologin; then run outflow migrate again.';
    end if;
end
$$;

grant usage on schema outflow to outflow_reviewer;
grant execute on function outflow.give_verdict(text, text, text) to outflow_reviewer;
grant select on analyst.verdicts, analyst.precision_by_week to outflow_analyst;
