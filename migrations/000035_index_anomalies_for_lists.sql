-- What: indexes for lists of anomalies: newest first, most surprising first, of one entity, of one strangest field.
-- Why: the console pages through them by position: a page reads its own rows and no others. Minus p-value, so that one
--      direction serves both columns and a comparison of rows finds where a page begins.
-- An older process may run beside it: it writes as before. Building them holds writes of anomalies back: seconds a million.
create index anomalies_by_time on outflow.anomalies (pipeline, record_time);
create index anomalies_by_surprise on outflow.anomalies (pipeline, (- p_value), record_time);
create index anomalies_by_entity on outflow.anomalies (pipeline, entity_key, record_time);
create index anomalies_by_field on outflow.anomalies (pipeline, (reasons -> 0 ->> 'field'), record_time);
