-- What: the comments on bits and expected of analyst.anomaly_reasons.
-- Why: where several fields of a record are wrong, what is usual is told for each, and no longer the likeliest value beside the wrong ones.
-- An older process may run beside it: nothing it uses changes.
comment on column analyst.anomaly_reasons.bits is
  'How much less surprising the record would be with the likeliest value in this field, bits.';
comment on column analyst.anomaly_reasons.expected is
  'That value, as text; what is usual where other fields are wrong, too.';
comment on view analyst.anomaly_reasons is
  'Why each anomaly was judged improbable: one row a field, rank 1 the strongest. bits: how much less surprising the record would be with the likeliest value.';
