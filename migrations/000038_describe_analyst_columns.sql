-- What: a comment on every column of the analysts' views, and on the new views.
-- Why: `\d+ analyst.anomalies` in psql, or hovering in a client, then says what a column means and in which unit.
-- An older process may run beside it: nothing it uses changes.
comment on view analyst.entities is
  'Entities with their anomalies, one row each. Name the pipeline and the entity; for all of them over a time, group analyst.anomalies by entity_key.';
comment on view analyst.score_percentiles is
  'Percentiles of the scores per minute of Kafka''s record time and model; nll in nats.';

comment on column analyst.anomalies.pipeline is
  'The pipeline: the `pipeline` of its outflow.yaml.';
comment on column analyst.anomalies.topic is
  'Kafka topic that the record came from.';
comment on column analyst.anomalies.partition is
  'Partition of the topic.';
comment on column analyst.anomalies."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset name a record.';
comment on column analyst.anomalies.event_time is
  'When the event happened, by the record''s own timestamp (source.timestamp), else Kafka''s.';
comment on column analyst.anomalies.record_time is
  'Kafka''s timestamp of the record. The table is partitioned by it, a UTC day each: bound it in your query, and only those days are read.';
comment on column analyst.anomalies.entity_key is
  'The entity that the record is about (source.key), else its Kafka key; null where it has none. Of a key of more than 500 characters the first 100, then …sha256: and the hash of the whole key.';
comment on column analyst.anomalies.record is
  'The record as it was decoded.';
comment on column analyst.anomalies.nll is
  'Negative log-likelihood under the model, nats; higher is stranger. A density in the record''s own units: compare it within one model.';
comment on column analyst.anomalies.p_value is
  'Share of normal records that are at least as strange, by the models calibration.';
comment on column analyst.anomalies.severity is
  'By how many bits p_value lies below the level it was held to: low under 1, medium under 3, else high.';
comment on column analyst.anomalies.reasons is
  'Why, the strongest first: list of field, bits, observed, expected, range, text. analyst.anomaly_reasons has a row each.';
comment on column analyst.anomalies.model_id is
  'The model that judged it; see analyst.models.';
comment on column analyst.anomalies.detected_at is
  'When it was written here.';
comment on column analyst.anomalies.surprise_bits is
  '−log2 of p_value, bits.';
comment on column analyst.anomalies.p_upper is
  '95 % upper confidence limit of p_value.';
comment on column analyst.anomalies.nearest is
  'The nearest normal record: changes (field, from, to), its nll and the same in words; null where a few changes make it no more normal.';
comment on column analyst.anomalies.missing is
  'Names of the fields that the record left missing: it was scored on the others.';
comment on column analyst.anomalies.rescored is
  'Whether it was found by `outflow replay --send-alerts`, not by ingest.';

comment on column analyst.anomaly_reasons.pipeline is
  'The pipeline: the `pipeline` of its outflow.yaml.';
comment on column analyst.anomaly_reasons.topic is
  'Kafka topic that the record came from.';
comment on column analyst.anomaly_reasons.partition is
  'Partition of the topic.';
comment on column analyst.anomaly_reasons."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset name a record.';
comment on column analyst.anomaly_reasons.event_time is
  'When the event happened.';
comment on column analyst.anomaly_reasons.rank is
  '1 is the strongest reason.';
comment on column analyst.anomaly_reasons.field is
  'Field of the record, as a path without $.';
comment on column analyst.anomaly_reasons.bits is
  'How much less surprising the record would be with the expected value in this field, bits.';
comment on column analyst.anomaly_reasons.observed is
  'What the field held, as text.';
comment on column analyst.anomaly_reasons.expected is
  'The likeliest value given the other fields, as text.';
comment on column analyst.anomaly_reasons.reason is
  'The same in words.';
comment on column analyst.anomaly_reasons.record_time is
  'Kafka''s timestamp of the record: bound it, and only those days are read.';
comment on column analyst.anomaly_reasons.entity_key is
  'The entity that the record is about.';
comment on column analyst.anomaly_reasons.model_id is
  'The model that judged it.';

comment on column analyst.anomaly_missing_fields.pipeline is
  'The pipeline: the `pipeline` of its outflow.yaml.';
comment on column analyst.anomaly_missing_fields.topic is
  'Kafka topic that the record came from.';
comment on column analyst.anomaly_missing_fields.partition is
  'Partition of the topic.';
comment on column analyst.anomaly_missing_fields."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset name a record.';
comment on column analyst.anomaly_missing_fields.event_time is
  'When the event happened.';
comment on column analyst.anomaly_missing_fields.field is
  'Field that the record left missing.';

comment on column analyst.entities.pipeline is
  'The pipeline.';
comment on column analyst.entities.entity_key is
  'The entity; null gathers the records without one.';
comment on column analyst.entities.anomalies is
  'How many of its records were judged anomalies, within the retention.';
comment on column analyst.entities.high is
  'Those of severity high.';
comment on column analyst.entities.first_record_time is
  'Kafka''s timestamp of the first of them.';
comment on column analyst.entities.last_record_time is
  'Kafka''s timestamp of the last of them.';
comment on column analyst.entities.nll_max is
  'The highest nll, nats.';
comment on column analyst.entities.p_value_min is
  'The smallest p-value.';

comment on column analyst.score_statistics.pipeline is
  'The pipeline.';
comment on column analyst.score_statistics.minute is
  'Start of the minute, by Kafka''s timestamps.';
comment on column analyst.score_statistics.model_id is
  'The model that scored.';
comment on column analyst.score_statistics.scored is
  'Records scored.';
comment on column analyst.score_statistics.anomalies is
  'Records judged anomalies.';
comment on column analyst.score_statistics.nll_min is
  'The lowest nll, nats.';
comment on column analyst.score_statistics.nll_max is
  'The highest nll, nats.';
comment on column analyst.score_statistics.nll_mean is
  'The mean nll, nats.';
comment on column analyst.score_statistics.histogram is
  'Records in each of 128 buckets of equal width in asinh(nll), from −6 to 17. analyst.score_percentiles reads it for you.';

comment on column analyst.score_percentiles.pipeline is
  'The pipeline.';
comment on column analyst.score_percentiles.minute is
  'Start of the minute, by Kafka''s timestamps.';
comment on column analyst.score_percentiles.model_id is
  'The model that scored.';
comment on column analyst.score_percentiles.scored is
  'Records scored.';
comment on column analyst.score_percentiles.anomalies is
  'Records judged anomalies.';
comment on column analyst.score_percentiles.nll_min is
  'The lowest nll, nats.';
comment on column analyst.score_percentiles.nll_max is
  'The highest nll, nats.';
comment on column analyst.score_percentiles.nll_p50 is
  'Median nll, nats, to within a bucket of the histogram: 0.18 nats near 0, 18 % of larger values. So are the next three.';
comment on column analyst.score_percentiles.nll_p90 is
  'nll that a tenth of the records exceed, nats.';
comment on column analyst.score_percentiles.nll_p99 is
  'nll that a hundredth of the records exceed, nats.';
comment on column analyst.score_percentiles.nll_p999 is
  'nll that a thousandth of the records exceed, nats.';

comment on column analyst.models.pipeline is
  'The pipeline.';
comment on column analyst.models.id is
  'The model; made of its content.';
comment on column analyst.models.state is
  'candidate, active, retired or rejected; one is active per pipeline.';
comment on column analyst.models.parent_id is
  'The model that was active when this one was fitted.';
comment on column analyst.models.metadata is
  'Features, encoder, calibration, training report, seed and versions.';
comment on column analyst.models.metrics is
  'What the gate found: gain in nats a record, flagged share.';
comment on column analyst.models.artefact_bytes is
  'Size of the artefact, bytes.';
comment on column analyst.models.checksum is
  'SHA-256 of the artefact, hex.';
comment on column analyst.models.created_at is
  'When it was stored.';
comment on column analyst.models.promoted_at is
  'When it was last made the active one.';

comment on column analyst.dead_letters.pipeline is
  'The pipeline: the `pipeline` of its outflow.yaml.';
comment on column analyst.dead_letters.topic is
  'Kafka topic that the record came from.';
comment on column analyst.dead_letters.partition is
  'Partition of the topic.';
comment on column analyst.dead_letters."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset name a record.';
comment on column analyst.dead_letters.reason is
  'empty, too_large, undecodable, missing_field, wrong_type or bad_timestamp.';
comment on column analyst.dead_letters.detail is
  'What was found and what was expected.';
comment on column analyst.dead_letters.message_key is
  'Its Kafka key.';
comment on column analyst.dead_letters.value_start is
  'The first KiB of its value; the whole is on the dead-letter topic.';
comment on column analyst.dead_letters.value_bytes is
  'Size of the whole value, bytes; null for a tombstone.';
comment on column analyst.dead_letters.record_time is
  'Kafka''s timestamp of the record.';
comment on column analyst.dead_letters.rejected_at is
  'When it was set aside.';
comment on column analyst.dead_letters.replayed_at is
  'When it was sent to its topic again; null: not yet.';
comment on column analyst.dead_letters.mended is
  'Whether it was sent with another value.';

comment on column analyst.pipelines.pipeline is
  'The pipeline.';
comment on column analyst.pipelines.topic is
  'Topic that it reads.';
comment on column analyst.pipelines.partition is
  'Partition of the topic.';
comment on column analyst.pipelines.next_offset is
  'The offset that comes next; all before it are counted here.';
comment on column analyst.pipelines.received is
  'Records read: scored + rejected.';
comment on column analyst.pipelines.scored is
  'Records scored.';
comment on column analyst.pipelines.rejected is
  'Records set aside as dead letters.';
comment on column analyst.pipelines.skipped is
  'Messages without a value that were skipped (source.tombstones); they are no records, and not among received.';
comment on column analyst.pipelines.anomalies is
  'Records judged anomalies.';
comment on column analyst.pipelines.alerts is
  'Alerts queued.';
comment on column analyst.pipelines.updated_at is
  'When the last batch was written.';

comment on column analyst.fits.id is
  'The fit.';
comment on column analyst.fits.pipeline is
  'The pipeline.';
comment on column analyst.fits.because is
  'Why it was made: no model, schedule, features changed, more records, asked for or drift.';
comment on column analyst.fits.state is
  'running, promoted, rejected, known, failed or abandoned.';
comment on column analyst.fits.model_id is
  'The model that came of it.';
comment on column analyst.fits.incumbent_id is
  'The model that it had to beat.';
comment on column analyst.fits.started_at is
  'When it began.';
comment on column analyst.fits.ended_at is
  'When it ended; null while it runs.';
comment on column analyst.fits.duration_seconds is
  'How long it took so far, s.';
comment on column analyst.fits.step is
  'Training steps made.';
comment on column analyst.fits.max_steps is
  'Training steps at most.';
comment on column analyst.fits.window_from is
  'First moment of its window, by Kafka''s timestamps.';
comment on column analyst.fits.window_to is
  'Last moment of its window.';
comment on column analyst.fits.window_shortened is
  'Why its window was shorter than training.window.';
comment on column analyst.fits.fitted is
  'Records fitted to.';
comment on column analyst.fits.held_out is
  'Records held out for the gate.';
comment on column analyst.fits.rejected is
  'Records of the window that broke their contract.';
comment on column analyst.fits.excluded is
  'Records left out by analyst.training_exclusions and verdicts.';
comment on column analyst.fits.gain_nats is
  'Mean gain in log-likelihood over the other, nats a record.';
comment on column analyst.fits.gain_lower is
  'Lower limit of the gain, nats.';
comment on column analyst.fits.gain_upper is
  'Upper limit of the gain, nats.';
comment on column analyst.fits.gain_against is
  'What it was compared with: the incumbent or independent fields.';
comment on column analyst.fits.flagged_share is
  'Share of held-out records that it would have flagged.';
comment on column analyst.fits.gate_failures is
  'What the gate found wrong.';
comment on column analyst.fits.peak_memory_bytes is
  'Most memory that the fit took, bytes.';
comment on column analyst.fits.curve_steps is
  'Steps at which the curves were taken.';
comment on column analyst.fits.train_curve is
  'nll of the training rows at these steps, nats.';
comment on column analyst.fits.validation_curve is
  'nll of the validation rows at these steps, nats.';
comment on column analyst.fits.seed is
  'Its seed: the same seed and window give the same model.';
comment on column analyst.fits.report is
  'All of it as JSON.';

comment on column analyst.model_changes.id is
  'Number of the change.';
comment on column analyst.model_changes.pipeline is
  'The pipeline.';
comment on column analyst.model_changes.action is
  'promote or rollback.';
comment on column analyst.model_changes.model_id is
  'The model that became the active one.';
comment on column analyst.model_changes.previous_id is
  'The one before.';
comment on column analyst.model_changes.made_by is
  'A person, trainer or guard.';
comment on column analyst.model_changes.why is
  'The reason that was given.';
comment on column analyst.model_changes.made_at is
  'When.';

comment on column analyst.training_exclusions.id is
  'Number of the exclusion.';
comment on column analyst.training_exclusions.pipeline is
  'The pipeline.';
comment on column analyst.training_exclusions.from_time is
  'First moment, by Kafka''s timestamps.';
comment on column analyst.training_exclusions.to_time is
  'First moment that is not excluded any more.';
comment on column analyst.training_exclusions.why is
  'The reason that was given.';
comment on column analyst.training_exclusions.excluded_by is
  'Who excluded it.';
comment on column analyst.training_exclusions.excluded_at is
  'When.';

comment on column analyst.drift_alarms.id is
  'Number of the alarm.';
comment on column analyst.drift_alarms.pipeline is
  'The pipeline.';
comment on column analyst.drift_alarms.model_id is
  'The model whose scores drifted.';
comment on column analyst.drift_alarms.chart is
  'stranger, too normal, more spread or less spread.';
comment on column analyst.drift_alarms.statistic is
  'CUSUM statistic of the chart when it was raised.';
comment on column analyst.drift_alarms.changed_at is
  'When the change began, by Kafka''s timestamps.';
comment on column analyst.drift_alarms.raised_at is
  'The minute that made it certain.';
comment on column analyst.drift_alarms.noted_at is
  'When it was written here.';
comment on column analyst.drift_alarms.fields is
  'Fields that moved, the furthest first: field and nats a record.';
