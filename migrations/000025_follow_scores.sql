-- What: per minute, how many records had which p-value by their model's own calibration; how p-values are moved from then on
--       to what recent scores say of them, and which of these movements an anomaly was judged by.
-- Why: between two fits the calibration follows slow change, so that the flagged share stays at the alert rate. A movement is
--      made from committed statistics and never changed: model and movement together say how any p-value came about.
-- An older process may run beside it: its minutes count no p-values, and it judges by the model's own calibration.
alter table outflow.score_statistics
  -- records per bucket; the buckets' borders are in libs/store (oddsBucketStart)
  add column p_histogram bigint[] not null default '{}';

create table outflow.followings (
  id bigint generated always as identity,
  pipeline text not null,
  model_id text not null,
  -- {"at": […], "shift": […]}: see libs/detector (Following)
  following jsonb not null,
  -- what the p-value at the alert rate is multiplied by, about
  factor float8 not null,
  -- of Kafka's record time: the last minute that was looked at
  until_time timestamptz not null,
  made_at timestamptz not null default now(),
  constraint followings_pkey primary key (id)
);

create index followings_newest on outflow.followings (pipeline, model_id, id desc);

alter table outflow.anomalies add column following_id bigint;

create view analyst.followings as
  select id, pipeline, model_id, factor, until_time, made_at, following
  from outflow.followings;
comment on view analyst.followings is
  'How p-values of a model were moved between two fits to follow slow change: factor is what the p-value at the alert rate was multiplied by.';

grant select on analyst.followings to outflow_analyst;
