-- What a record can become: an anomaly with its reasons, or a dead letter.

-- One partition for each UTC day of Kafka's record time: retention drops a day at once instead of deleting rows. The
-- primary key has to contain the partitioning column; the record time of an offset never changes, so the key identifies
-- a record. Producers may stamp 1970 or 9999: rows of such days go to the default partition.
create table outflow.anomalies (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  record_time timestamptz not null,
  event_time timestamptz not null,
  entity_key text,
  record jsonb not null,
  nll float8 not null,
  p_value float8 not null,
  p_upper float8 not null,
  severity text not null,
  reasons jsonb,
  -- the field of the main reason; a column of its own so that counts by field read an index alone
  main_field text generated always as (reasons -> 0 ->> 'field') stored,
  counterfactual jsonb,
  unexplainable text,
  windowed float8[],
  missing jsonb not null default '[]',
  model_id text not null,
  provisional boolean not null default false,
  recalibration_id bigint,
  detected_at timestamptz not null default now(),
  rescored boolean not null default false,
  constraint anomalies_pkey primary key (pipeline, topic, partition, "offset", record_time),
  constraint anomalies_severity_known check (severity in ('low', 'medium', 'high')),
  constraint anomalies_p_value_is_probability check (p_value between 0 and 1),
  constraint anomalies_p_upper_is_probability check (p_upper between 0 and 1),
  constraint anomalies_reasons_is_list check (jsonb_typeof(reasons) = 'array'),
  constraint anomalies_reasons_or_none check (reasons is null or unexplainable is null)
) partition by range (record_time);

create table outflow.anomalies_default partition of outflow.anomalies default;

create index anomalies_by_nll on outflow.anomalies (pipeline, nll desc);
-- Counts over days read this index alone.
create index anomalies_by_time on outflow.anomalies (pipeline, record_time)
  include (severity, p_value, nll, model_id, entity_key, main_field, rescored);
-- For lists that continue after a position. Minus p-value: both columns descend, so one row comparison finds the position.
-- Counts of the least likely read this index alone.
create index anomalies_by_surprise on outflow.anomalies (pipeline, (- p_value), record_time)
  include (p_value, severity, entity_key, main_field);
create index anomalies_by_entity on outflow.anomalies (pipeline, entity_key, record_time);
create index anomalies_by_field on outflow.anomalies (pipeline, main_field, record_time);
-- Finds the days of a model. A few pages a day: a day has few models, one after the other.
create index anomalies_by_model on outflow.anomalies using brin (model_id text_bloom_ops) with (autosummarize = on);
-- These two are last: before a new day's partition is analyzed, all indexes cost the planner the same, and it takes the last.
create index anomalies_by_detection on outflow.anomalies (pipeline, detected_at desc);
create index anomalies_unexplained on outflow.anomalies (pipeline, detected_at desc)
  where reasons is null and unexplainable is null;

create function outflow.ensure_anomaly_partitions(days date[]) returns void
language plpgsql
set lock_timeout = '2s'
set timezone = 'UTC'
as $$
declare
  day date;
  starts timestamptz;
  ends timestamptz;
begin
  -- One process at a time. Readers cannot lock this row; they could hold an advisory lock.
  perform from outflow.database_identity for update;
  foreach day in array days loop
    continue when to_regclass('outflow.anomalies_' || to_char(day, 'YYYYMMDD')) is not null;
    continue when day not between current_date - 400 and current_date + 7;
    starts := day;
    ends := day + 1;
    -- Postgres refuses a partition whose rows are already in the default one; they can stay there.
    continue when exists (
      select from outflow.anomalies_default where record_time >= starts and record_time < ends
    );
    execute format(
      'create table outflow.%I partition of outflow.anomalies for values from (%L) to (%L)',
      'anomalies_' || to_char(day, 'YYYYMMDD'), starts, ends
    );
  end loop;
exception
  -- A long query of an analyst has locked the table: the rows go to the default partition.
  when lock_not_available then return;
end
$$;
comment on function outflow.ensure_anomaly_partitions is
  'Creates the partitions of these days that do not exist, from 400 days ago to 7 days ahead.';

-- Every writer queues behind a statement that waits for the lock of `drop table`, so the wait is limited to a second.
-- `detach … concurrently` is not possible: Postgres refuses it when there is a default partition.
create function outflow.drop_anomalies_before(of_pipeline text, cutoff timestamptz) returns setof text
language plpgsql
set lock_timeout = '1s'
as $$
declare
  day_partition record;
  find_others text;
  holds_others boolean;
  deleted bigint;
  is_alone boolean := false;
  blocking record;
begin
  -- One process at a time. Readers cannot lock this row; they could hold an advisory lock.
  perform from outflow.database_identity for update;
  is_alone := true;
  for day_partition in
    select child.relname as name
    from pg_inherits
    join pg_class child on child.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = 'outflow.anomalies'::regclass
      and child.relname ~ '^anomalies_[0-9]{8}$'
      and (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'utc' <= cutoff
    order by child.relname
  loop
    -- Two ranges of an index; `<>` would read all rows.
    find_others := format(
      'select exists (select from outflow.%1$I where pipeline < $1) or exists (select from outflow.%1$I where pipeline > $1)',
      day_partition.name
    );
    execute find_others into holds_others using of_pipeline;
    if holds_others then
      execute format(
        'delete from outflow.%1$I where ctid = any(array('
          'select ctid from outflow.%1$I where pipeline = $1 order by record_time limit 10000))',
        day_partition.name
      ) using of_pipeline;
      get diagnostics deleted = row_count;
      if deleted > 0 then
        return next day_partition.name;
        return;
      end if;
    else
      -- Another pipeline may have inserted rows of this day since: the lock waits for its transaction.
      lock table only outflow.anomalies in access exclusive mode;
      execute find_others into holds_others using of_pipeline;
      -- The lock is released at once: the caller calls again after a day was cleared, otherwise at its next run.
      if not holds_others then
        execute format('drop table outflow.%I', day_partition.name);
        return next day_partition.name;
      end if;
      return;
    end if;
  end loop;
  -- A row of the default partition may have any record time: its age is counted from its detection.
  delete from outflow.anomalies_default where ctid = any(array(
    select ctid from outflow.anomalies_default where pipeline = of_pipeline and detected_at < cutoff limit 10000
  ));
  if found then return next 'anomalies_default'; end if;
exception
  when lock_not_available then
    if not is_alone then
      raise exception using
        errcode = 'lock_not_available',
        message = 'another process creates or drops partitions of outflow.anomalies';
    end if;
    -- Without pg_read_all_stats, the start of another role's transaction is hidden.
    select pid, usename, xact_start into blocking
    from pg_locks join pg_stat_activity using (pid)
    where relation = 'outflow.anomalies'::regclass and granted
    order by xact_start nulls first
    limit 1;
    if not found then raise; end if;
    raise exception using
      errcode = 'lock_not_available',
      message = concat('session ', blocking.pid, ' of ', blocking.usename, ' has locked outflow.anomalies',
        to_char(blocking.xact_start at time zone 'utc', '" in a transaction since "YYYY-MM-DD"T"HH24:MI:SS"Z"')),
      hint = format('if it is idle, end it: select pg_terminate_backend(%s)', blocking.pid);
end
$$;
comment on function outflow.drop_anomalies_before is
  'Drops at most one day, or deletes up to 10,000 of the pipeline''s rows of a day that has others, or of the default partition; returns the partition''s name. Call it until it returns no row. Fails with lock_not_available after a second, and names the session, or states that another process creates or drops partitions.';

-- The whole bytes are on the dead-letter topic; the table keeps the first KiB, for reading.
create table outflow.dead_letters (
  pipeline text not null,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  reason text not null,
  detail text not null,
  message_key bytea,
  value_start bytea,
  value_bytes integer,
  record_time timestamptz not null,
  rejected_at timestamptz not null default now(),
  -- set in the transaction that puts the record into the outbox: it is resent at most once
  resent_at timestamptz,
  corrected boolean not null default false,
  constraint dead_letters_pkey primary key (pipeline, topic, partition, "offset"),
  constraint dead_letters_start_is_bounded check (octet_length(value_start) <= 1024)
);

-- Counts by reason read this index alone.
create index dead_letters_by_rejection on outflow.dead_letters (pipeline, rejected_at desc) include (reason);
-- The health check looks for them every few seconds.
create index dead_letters_failed on outflow.dead_letters (pipeline, rejected_at) where reason = 'failed';
