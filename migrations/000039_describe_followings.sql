-- What: comments on the columns of analyst.followings, the last of the analysts' views that had none.
-- Why: a test holds every view to them.
-- An older process may run beside it: nothing it uses changes.
comment on column analyst.followings.id is
  'Number of the movement.';
comment on column analyst.followings.pipeline is
  'The pipeline.';
comment on column analyst.followings.model_id is
  'The model whose p-values were moved.';
comment on column analyst.followings.factor is
  'What the p-value at the alert rate was multiplied by, about.';
comment on column analyst.followings.until_time is
  'The last minute that was looked at, by Kafka''s timestamps.';
comment on column analyst.followings.made_at is
  'When it was made; batches from then on are judged by it.';
comment on column analyst.followings.following is
  'The movement: at which p-values, and by how much each.';
