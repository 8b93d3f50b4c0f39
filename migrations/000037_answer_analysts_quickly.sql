-- What: an index for analysts' queries; missing fields in analyst.anomalies; percentiles of scores and entities as views.
-- Why: the ten queries of libs/store/QUERIES.md are to answer in 200 ms on 5 million anomalies.
-- An older process may run beside it: only an index and views change.
-- Counts over days read the index alone; it takes the place of the narrower one.
create index anomalies_in_time on outflow.anomalies (pipeline, record_time)
  include (severity, p_value, nll, model_id, entity_key);
drop index if exists outflow.anomalies_by_time;

create or replace view analyst.anomalies as
  select pipeline, topic, partition, "offset", event_time, record_time, entity_key, record, nll, p_value, severity,
         reasons, model_id, detected_at, -ln(nullif(p_value, 0)) / ln(2) as surprise_bits, p_upper, nearest, missing,
         rescored
  from outflow.anomalies;

create or replace view analyst.anomaly_reasons as
  select anomalies.pipeline, anomalies.topic, anomalies.partition, anomalies."offset", anomalies.event_time,
         reason.rank, reason.entry ->> 'field' as field, (reason.entry ->> 'bits')::float8 as bits,
         reason.entry ->> 'observed' as observed, reason.entry ->> 'expected' as expected,
         reason.entry ->> 'text' as reason, anomalies.record_time, anomalies.entity_key, anomalies.model_id
  from outflow.anomalies as anomalies
  cross join lateral jsonb_array_elements(anomalies.reasons) with ordinality as reason (entry, rank);

create view analyst.entities as
  select pipeline, entity_key, count(*) as anomalies, count(*) filter (where severity = 'high') as high,
         min(record_time) as first_record_time, max(record_time) as last_record_time, max(nll) as nll_max,
         min(p_value) as p_value_min
  from outflow.anomalies
  group by pipeline, entity_key;

-- The borders of libs/store's nllBucketStart: 128 buckets of equal width in asinh(nll) from −6 to 17, the first and the last
-- open. Inside a bucket the records are taken to lie evenly in asinh(nll); lowest and highest bound the open ones.
create function outflow.nll_percentiles(histogram bigint[], lowest float8, highest float8, shares float8[])
returns float8[]
language plpgsql immutable strict parallel safe
as $$
declare
  width constant float8 := 23.0 / 128;
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
    found := found || least(greatest(sinh(-6 + width * (bucket - 1 + place)), lowest), highest);
  end loop;
  return found;
end
$$;
comment on function outflow.nll_percentiles is
  'The nll, in nats, below which each share of a histogram''s records lies; shares ascending. To within a bucket: 18 % of the value.';

create view analyst.score_percentiles as
  select minutes.pipeline, minutes.minute, minutes.model_id, minutes.scored, minutes.anomalies, minutes.nll_min,
         minutes.nll_max, nll.percentile[1] as nll_p50, nll.percentile[2] as nll_p90, nll.percentile[3] as nll_p99,
         nll.percentile[4] as nll_p999
  from outflow.score_statistics as minutes
  cross join lateral (
    select outflow.nll_percentiles(minutes.histogram, minutes.nll_min, minutes.nll_max, '{0.5, 0.9, 0.99, 0.999}')
      as percentile
    -- Keeps the planner from calling the function once for each percentile.
    offset 0
  ) as nll;

grant select on analyst.entities, analyst.score_percentiles to outflow_analyst;
