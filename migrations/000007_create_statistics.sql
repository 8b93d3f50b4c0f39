-- What: per minute of Kafka's record time, the scores of each model, and the rejected records by reason.
-- Why: drift is seen here without reading anomalies. Counts, extremes and histograms merge exactly, batch by batch.
-- An older process may run beside it: the tables are new.
create table outflow.score_statistics (
  pipeline text not null,
  minute timestamptz not null,
  model_id text not null,
  scored bigint not null,
  anomalies bigint not null,
  nll_min float8 not null,
  nll_max float8 not null,
  nll_sum float8 not null,
  -- records per bucket; the buckets' borders are in libs/store (nllBucketStart)
  histogram bigint[] not null,
  updated_at timestamptz not null default now(),
  constraint score_statistics_pkey primary key (pipeline, minute, model_id)
);

create table outflow.rejection_statistics (
  pipeline text not null,
  minute timestamptz not null,
  reason text not null,
  rejected bigint not null,
  updated_at timestamptz not null default now(),
  constraint rejection_statistics_pkey primary key (pipeline, minute, reason)
);
