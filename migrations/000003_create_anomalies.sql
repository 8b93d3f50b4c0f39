-- What: the records judged improbable, one partition a UTC day of Kafka's record time; the functions that make and
--      drop those partitions; the clock that retention goes by.
-- Why: retention drops a day at once instead of deleting rows. Postgres requires the partitioning column in the key;
--      Kafka's record time is fixed per offset, so the key still identifies a record. Producers may stamp 1970 or 9999:
--      such days get no partition of their own, their rows go to the default one. Dropping a day locks the whole table, and
--      every writer waits behind a statement that waits for that lock: so the function gives up after a second.
--      (`detach … concurrently` is not possible: Postgres refuses it beside a default partition.)
-- An older process may run beside it: the table is new.
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
  severity text not null,
  reasons jsonb not null,
  model_id text not null,
  detected_at timestamptz not null default now(),
  -- found by a rescore of past records, not by ingest: no counter of ingest includes it
  rescored boolean not null default false,
  constraint anomalies_pkey primary key (pipeline, topic, partition, "offset", record_time),
  constraint anomalies_severity_known check (severity in ('low', 'medium', 'high')),
  constraint anomalies_p_value_is_probability check (p_value between 0 and 1),
  constraint anomalies_reasons_is_list check (jsonb_typeof(reasons) = 'array')
) partition by range (record_time);

create table outflow.anomalies_default partition of outflow.anomalies default;

create index anomalies_strangest on outflow.anomalies (pipeline, nll desc);
create index anomalies_detected on outflow.anomalies (pipeline, detected_at desc);

create function outflow.ensure_anomaly_partitions(days date[]) returns void
language plpgsql
set lock_timeout = '2s'
as $$
declare
  day date;
  starts timestamptz;
  ends timestamptz;
begin
  -- One process at a time. Readers cannot lock this row; an advisory lock they could hold.
  perform from outflow.database_identity for update;
  foreach day in array days loop
    continue when to_regclass('outflow.anomalies_' || to_char(day, 'YYYYMMDD')) is not null;
    continue when day not between (now() at time zone 'utc')::date - 400 and (now() at time zone 'utc')::date + 7;
    starts := day::timestamp at time zone 'utc';
    ends := (day + 1)::timestamp at time zone 'utc';
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
  -- A long query of an analyst holds the table: the rows go to the default partition rather than wait.
  when lock_not_available then return;
end
$$;

create function outflow.drop_anomalies_before(of_pipeline text, cutoff timestamptz) returns setof text
language plpgsql
set lock_timeout = '1s'
as $$
declare
  day_partition record;
  holds_others boolean;
begin
  -- One process at a time. Readers cannot lock this row; an advisory lock they could hold.
  perform from outflow.database_identity for update;
  for day_partition in
    select child.relname as name
    from pg_inherits
    join pg_class child on child.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = 'outflow.anomalies'::regclass
      and child.relname ~ '^anomalies_\d{8}$'
      and (to_date(right(child.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'utc' <= cutoff
    order by child.relname
  loop
    execute format('select exists (select from outflow.%I where pipeline <> $1)', day_partition.name)
      into holds_others using of_pipeline;
    if holds_others then
      execute format('delete from outflow.%I where pipeline = $1', day_partition.name) using of_pipeline;
    else
      -- The last statement of its transaction: the lock on the whole table is released at once, and the caller calls again.
      execute format('drop table outflow.%I', day_partition.name);
      return next day_partition.name;
      return;
    end if;
  end loop;
  -- A row of the default partition may have any record time: its age is counted from its detection.
  delete from outflow.anomalies_default where pipeline = of_pipeline and detected_at < cutoff;
end
$$;
comment on function outflow.drop_anomalies_before is
  'Drops at most one day and gives its name; call it until it gives none. Fails with lock_not_available after a second.';

-- The clock of retention, by which rows are old enough to be removed. It follows Postgres's clock and advances by at most a day
-- an hour: a clock that jumps ahead removes one day of data before somebody can see it, not all of it.
create table outflow.retention_clocks (
  pipeline text not null,
  as_of timestamptz not null,
  ran_at timestamptz not null,
  constraint retention_clocks_pkey primary key (pipeline)
);
