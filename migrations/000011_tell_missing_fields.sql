-- What: which fields an anomaly was scored without, and a view of them for analysts.
-- Why: a likelihood of what was observed is not the likelihood of the whole record; who reads it should know.
-- An older process may run beside it: it leaves the new column empty.
alter table outflow.anomalies
  add column missing jsonb not null default '[]';

create view analyst.anomaly_missing_fields as
  select anomalies.pipeline, anomalies.topic, anomalies.partition, anomalies."offset", anomalies.event_time, field
  from outflow.anomalies as anomalies
  cross join lateral jsonb_array_elements_text(anomalies.missing) as field;
comment on view analyst.anomaly_missing_fields is
  'Fields that an anomaly''s record left missing: one row a field. It was scored on the others.';
grant select on analyst.anomaly_missing_fields to outflow_analyst;
