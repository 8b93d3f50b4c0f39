-- What: the comment on the column chart of analyst.drift_alarms names a kind of drift more.
-- Why: a field that has a new value is told and learned within minutes, as drift of that field.
-- An older process may run beside it: nothing it uses changes.
comment on column analyst.drift_alarms.chart is
  'stranger, too normal, more spread, less spread or new value.';
