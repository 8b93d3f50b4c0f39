-- Scores per minute of Kafka's record time, and the drift that they show. Counts, extremes and histograms merge exactly,
-- batch by batch.

create table outflow.score_statistics (
  pipeline text not null,
  minute timestamptz not null,
  model_id text not null,
  scored bigint not null,
  anomalies bigint not null,
  nll_min float8 not null,
  nll_max float8 not null,
  nll_sum float8 not null,
  -- records per bucket; nllBucketStart in libs/store defines the borders
  histogram bigint[] not null,
  -- records per bucket of the p-value by the model's own calibration; oddsBucketStart in libs/store defines the borders
  p_histogram bigint[] not null,
  updated_at timestamptz not null default now(),
  constraint score_statistics_pkey primary key (pipeline, minute, model_id)
);

-- Finds the minutes that changed lately. Unlike a btree, it lets the update of a minute stay on its page (HOT).
create index score_statistics_by_update on outflow.score_statistics using brin (updated_at) with (autosummarize = on);

-- The buckets of nllBucketStart in libs/store: 128 of equal width in asinh(nll) from −8.1 to 17.5, the first and the last
-- open. Inside a bucket the records are taken to be even in asinh(nll); lowest and highest bound the open buckets.
create function outflow.nll_percentiles(histogram bigint[], lowest float8, highest float8) returns float8[]
language plpgsql immutable strict parallel safe
as $$
declare
  shares constant float8[] := '{0.5, 0.9, 0.99, 0.999}';
  width constant float8 := 0.2;
  total float8 := 0;
  passed float8 := 0;
  bucket int := 1;
  wanted float8;
  place float8;
  found float8[] := '{}';
begin
  for at in 1 .. array_length(histogram, 1) loop
    total := total + histogram[at];
  end loop;
  if total = 0 then return null; end if;
  for share in 1 .. array_length(shares, 1) loop
    wanted := shares[share] * total;
    while bucket < array_length(histogram, 1) and passed + histogram[bucket] < wanted loop
      passed := passed + histogram[bucket];
      bucket := bucket + 1;
    end loop;
    place := case when histogram[bucket] = 0 then 0 else (wanted - passed) / histogram[bucket] end;
    found := found || least(greatest(sinh(-8.1 + width * (bucket - 1 + place)), lowest), highest);
  end loop;
  return found;
end
$$;
comment on function outflow.nll_percentiles is
  'The nll, in nats, below which 50 %, 90 %, 99 % and 99.9 % of a histogram''s records are. Accurate to a bucket: 22 % of the value.';

create table outflow.drift_alarms (
  id bigint generated always as identity,
  pipeline text not null,
  model_id text not null,
  chart text not null,
  statistic float8 not null,
  changed_at timestamptz not null,
  raised_at timestamptz not null,
  noted_at timestamptz not null default now(),
  fields jsonb not null,
  constraint drift_alarms_pkey primary key (id),
  constraint drift_alarms_once unique (pipeline, model_id, raised_at)
);
