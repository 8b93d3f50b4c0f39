-- The views that analysts read. They stay the same while tables change, and leave out weights and payloads.

create schema analyst;
comment on schema analyst is 'Read-only views of outflow for people. Columns are only ever added.';

create view analyst.anomalies as
  select event_time, record_time, concat_ws('/', pipeline, topic, partition, "offset") as id, entity_key, severity,
         reasons -> 0 ->> 'text' as why, main_field, (
           select verdict
           from outflow.verdicts as given
           where given.pipeline = anomalies.pipeline and given.topic = anomalies.topic
             and given.partition = anomalies.partition and given."offset" = anomalies."offset"
           order by given.id desc
           limit 1
         ) as verdict,
         record, nll, p_value, p_upper, -ln(nullif(p_value, 0)) / ln(2) as surprise_bits, reasons, counterfactual, missing,
         windowed, model_id, provisional, recalibration_id, detected_at, rescored, unexplainable, pipeline, topic, partition,
         "offset"
  from outflow.anomalies;
comment on view analyst.anomalies is 'One row for each anomaly: a record whose p-value is at most the threshold.';
comment on column analyst.anomalies.id is
  'Id of its alert, pipeline/topic/partition/offset, as `outflow explain --anomaly` and `outflow verdicts` take it.';
comment on column analyst.anomalies.why is 'The main reason as a sentence; null until the reasons are computed.';
comment on column analyst.anomalies.main_field is 'Field of the main reason; null until the reasons are computed.';
comment on column analyst.anomalies.verdict is 'Latest verdict on it: confirmed, false_alarm or expected; null: none.';
comment on column analyst.anomalies.windowed is
  'Values of windowed features, in the order of the model''s features; null: the model has none.';
comment on column analyst.anomalies.pipeline is 'Name of the pipeline, `pipeline` in its outflow.yaml.';
comment on column analyst.anomalies.topic is 'Kafka topic of the record.';
comment on column analyst.anomalies.partition is 'Partition of the topic.';
comment on column analyst.anomalies."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset identify a record.';
comment on column analyst.anomalies.event_time is 'The record''s own timestamp (source.timestamp); Kafka''s if it has none.';
comment on column analyst.anomalies.record_time is
  'Kafka''s timestamp of the record. Restrict it in your queries: the table has one partition for each UTC day of it.';
comment on column analyst.anomalies.entity_key is
  'Entity of the record (source.key), or its Kafka key; null if it has neither. A key of more than 500 characters is cut to 100, followed by …sha256: and the hash of the whole key.';
comment on column analyst.anomalies.record is 'The decoded record.';
comment on column analyst.anomalies.nll is
  'Negative log-likelihood under the model, nats; higher is less likely. It is a density in the record''s units: compare it within one model.';
comment on column analyst.anomalies.p_value is
  'Share of normal records with an nll at least as high, by the model''s calibration.';
comment on column analyst.anomalies.p_upper is 'Upper 95 % confidence limit of p_value.';
comment on column analyst.anomalies.surprise_bits is '−log2 of p_value, bits.';
comment on column analyst.anomalies.severity is
  'How many bits p_value is below the threshold: low under 1, medium under 3, otherwise high.';
comment on column analyst.anomalies.reasons is
  'Reasons, the strongest first: a list of field, bits, observed, expected, range and text; null until they are computed. analyst.anomaly_reasons has a row for each.';
comment on column analyst.anomalies.counterfactual is
  'The counterfactual, the nearest normal record: changes (field, from, to), its nll, a text, and, where one stands out, the mistake that they undo (name, share); null if a few changes do not make the record normal.';
comment on column analyst.anomalies.missing is 'Names of the fields that the record does not have; it was scored on the others.';
comment on column analyst.anomalies.model_id is 'Model that scored the record, as in analyst.models.';
comment on column analyst.anomalies.provisional is
  'Whether a provisional model scored the record: one fitted to fewer records than training.minRows, whose p-values are rough.';
comment on column analyst.anomalies.recalibration_id is
  'Recalibration of p_value, as in analyst.recalibrations; null: the model''s own calibration.';
comment on column analyst.anomalies.detected_at is 'When the row was written.';
comment on column analyst.anomalies.rescored is 'Whether `outflow rescore --send-alerts` found it, and not ingest.';
comment on column analyst.anomalies.unexplainable is
  'Why no reasons can be computed, for example because the model was deleted; null: they are computed, or will be.';

create view analyst.anomaly_reasons as
  select anomalies.pipeline, anomalies.topic, anomalies.partition, anomalies."offset", anomalies.event_time,
         anomalies.record_time, anomalies.entity_key, anomalies.model_id, reason.rank,
         reason.entry ->> 'field' as field, (reason.entry ->> 'bits')::float8 as bits,
         reason.entry ->> 'observed' as observed, reason.entry ->> 'expected' as expected,
         reason.entry ->> 'text' as reason
  from outflow.anomalies as anomalies
  cross join lateral jsonb_array_elements(anomalies.reasons) with ordinality as reason (entry, rank);
comment on view analyst.anomaly_reasons is 'One row for each reason of an anomaly: a field that makes the record an anomaly.';
comment on column analyst.anomaly_reasons.pipeline is 'Name of the pipeline, `pipeline` in its outflow.yaml.';
comment on column analyst.anomaly_reasons.topic is 'Kafka topic of the record.';
comment on column analyst.anomaly_reasons.partition is 'Partition of the topic.';
comment on column analyst.anomaly_reasons."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset identify a record.';
comment on column analyst.anomaly_reasons.event_time is
  'The record''s own timestamp (source.timestamp); Kafka''s if it has none.';
comment on column analyst.anomaly_reasons.record_time is
  'Kafka''s timestamp of the record. Restrict it in your queries: the table has one partition for each UTC day of it.';
comment on column analyst.anomaly_reasons.entity_key is 'Entity of the record, as in analyst.anomalies.';
comment on column analyst.anomaly_reasons.model_id is 'Model that scored the record, as in analyst.models.';
comment on column analyst.anomaly_reasons.rank is '1 is the strongest reason.';
comment on column analyst.anomaly_reasons.field is 'Field of the record, as a path without $.';
comment on column analyst.anomaly_reasons.bits is
  'How much less surprising the record would be with the likeliest value in this field, bits.';
comment on column analyst.anomaly_reasons.observed is 'Value of the field, as text.';
comment on column analyst.anomaly_reasons.expected is
  'The likeliest value of the field, as text; if other fields have reasons too, its usual value.';
comment on column analyst.anomaly_reasons.reason is 'The reason as a sentence.';

create view analyst.entities as
  select pipeline, entity_key, count(*) as anomalies, count(*) filter (where severity = 'high') as high,
         min(record_time) as first_record_time, max(record_time) as last_record_time, max(nll) as nll_max,
         min(p_value) as p_value_min
  from outflow.anomalies
  group by pipeline, entity_key;
comment on view analyst.entities is
  'One row for each entity with anomalies. Restrict pipeline and entity_key; for a time range, group analyst.anomalies by entity_key.';
comment on column analyst.entities.pipeline is 'Name of the pipeline.';
comment on column analyst.entities.entity_key is 'Entity, as in analyst.anomalies; null: all records without one.';
comment on column analyst.entities.anomalies is 'Stored anomalies of the entity.';
comment on column analyst.entities.high is 'Stored anomalies of severity high.';
comment on column analyst.entities.first_record_time is 'Kafka''s timestamp of the first anomaly.';
comment on column analyst.entities.last_record_time is 'Kafka''s timestamp of the last anomaly.';
comment on column analyst.entities.nll_max is 'Highest nll, nats.';
comment on column analyst.entities.p_value_min is 'Smallest p-value.';

create view analyst.dead_letters as
  select pipeline, topic, partition, "offset", reason, detail, message_key, value_start, value_bytes, record_time,
         rejected_at, resent_at, corrected
  from outflow.dead_letters;
comment on view analyst.dead_letters is 'One row for each rejected record. The whole record is on the dead-letter topic.';
comment on column analyst.dead_letters.pipeline is 'Name of the pipeline, `pipeline` in its outflow.yaml.';
comment on column analyst.dead_letters.topic is 'Kafka topic of the record.';
comment on column analyst.dead_letters.partition is 'Partition of the topic.';
comment on column analyst.dead_letters."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset identify a record.';
comment on column analyst.dead_letters.reason is
  'empty, too_large, undecodable, missing_field, wrong_type, bad_timestamp or failed (it caused an error in a step of ingest).';
comment on column analyst.dead_letters.detail is 'What was found and what was expected.';
comment on column analyst.dead_letters.message_key is 'First KiB of the record''s Kafka key.';
comment on column analyst.dead_letters.value_start is 'First KiB of its value.';
comment on column analyst.dead_letters.value_bytes is 'Size of its value, bytes; null for a tombstone.';
comment on column analyst.dead_letters.record_time is 'Kafka''s timestamp of the record.';
comment on column analyst.dead_letters.rejected_at is 'When it was rejected.';
comment on column analyst.dead_letters.resent_at is 'When it was resent to its topic; null: it was not.';
comment on column analyst.dead_letters.corrected is 'Whether it was resent with a corrected value.';

create view analyst.pipelines as
  select pipeline, topic, partition, next_offset, received, scored, rejected, skipped, missed, anomalies, alerts, updated_at
  from outflow.offsets;
comment on view analyst.pipelines is 'One row for each partition that a pipeline reads, with exact counts.';
comment on column analyst.pipelines.pipeline is 'Name of the pipeline.';
comment on column analyst.pipelines.topic is 'Topic that it reads.';
comment on column analyst.pipelines.partition is 'Partition of the topic.';
comment on column analyst.pipelines.next_offset is 'Next offset to read; every record that was read before it is counted in this row.';
comment on column analyst.pipelines.received is 'Records received: scored + rejected.';
comment on column analyst.pipelines.scored is 'Records scored.';
comment on column analyst.pipelines.rejected is 'Records rejected; analyst.dead_letters lists them.';
comment on column analyst.pipelines.skipped is
  'Messages without a value that were skipped (source.tombstones); not counted as received.';
comment on column analyst.pipelines.missed is
  'Offsets that Kafka''s retention deleted before they were read; not counted as received.';
comment on column analyst.pipelines.anomalies is 'Anomalies, without those of a rescore.';
comment on column analyst.pipelines.alerts is 'Alerts queued, without those of a rescore.';
comment on column analyst.pipelines.updated_at is 'When the last batch was written.';

create view analyst.score_statistics as
  select minutes.pipeline, minutes.minute, minutes.model_id, minutes.scored, minutes.anomalies, minutes.nll_min,
         minutes.nll_max, minutes.nll_sum / nullif(minutes.scored, 0) as nll_mean, nll.percentile[1] as nll_p50,
         nll.percentile[2] as nll_p90, nll.percentile[3] as nll_p99, nll.percentile[4] as nll_p999, minutes.histogram
  from outflow.score_statistics as minutes
  cross join lateral (
    select outflow.nll_percentiles(minutes.histogram, minutes.nll_min, minutes.nll_max) as percentile
    -- Keeps the planner from calling the function once for each percentile. It is not called by a query without percentiles.
    offset 0
  ) as nll;
comment on view analyst.score_statistics is
  'One row for each minute of Kafka''s record time and model. Percentiles are accurate to a bucket of the histogram: 0.2 nats near 0, 22 % of larger values.';
comment on column analyst.score_statistics.pipeline is 'Name of the pipeline.';
comment on column analyst.score_statistics.minute is 'Start of the minute, by Kafka''s timestamps.';
comment on column analyst.score_statistics.model_id is 'Model that scored the records.';
comment on column analyst.score_statistics.scored is 'Records scored.';
comment on column analyst.score_statistics.anomalies is 'Anomalies, without those of a rescore.';
comment on column analyst.score_statistics.nll_min is 'Lowest nll, nats.';
comment on column analyst.score_statistics.nll_max is 'Highest nll, nats.';
comment on column analyst.score_statistics.nll_mean is 'Mean nll, nats.';
comment on column analyst.score_statistics.nll_p50 is 'Median nll, nats.';
comment on column analyst.score_statistics.nll_p90 is 'nll that 10 % of the records exceed, nats.';
comment on column analyst.score_statistics.nll_p99 is 'nll that 1 % of the records exceed, nats.';
comment on column analyst.score_statistics.nll_p999 is 'nll that 0.1 % of the records exceed, nats.';
comment on column analyst.score_statistics.histogram is
  'Records in each of 128 buckets of equal width in asinh(nll), from −8.1 to 17.5; the percentiles are computed from it.';

create view analyst.drift_alarms as
  select id, pipeline, model_id, chart, statistic, changed_at, raised_at, noted_at, fields
  from outflow.drift_alarms;
comment on view analyst.drift_alarms is 'One row for each alarm that scores no longer follow their calibration.';
comment on column analyst.drift_alarms.id is 'Number of the alarm.';
comment on column analyst.drift_alarms.pipeline is 'Name of the pipeline.';
comment on column analyst.drift_alarms.model_id is 'Model whose scores drifted.';
comment on column analyst.drift_alarms.chart is 'less likely, too normal, more spread, less spread or new value.';
comment on column analyst.drift_alarms.statistic is 'CUSUM statistic of the chart when the alarm was raised.';
comment on column analyst.drift_alarms.changed_at is 'When the change started, by Kafka''s timestamps.';
comment on column analyst.drift_alarms.raised_at is 'Minute in which the statistic crossed its limit, by Kafka''s timestamps.';
comment on column analyst.drift_alarms.noted_at is 'When the row was written.';
comment on column analyst.drift_alarms.fields is
  'How much the distribution of each field has changed, the largest change first: field, and nats per record.';

create view analyst.models as
  select pipeline, id, state, parent_id, metadata, metrics, octet_length(artefact) as artefact_bytes,
         encode(checksum, 'hex') as checksum, created_at, promoted_at, shadow_since
  from outflow.models;
comment on view analyst.models is 'One row for each model, without its weights; one of a pipeline is active.';
comment on column analyst.models.pipeline is 'Name of the pipeline.';
comment on column analyst.models.id is 'Id of the model, derived from its content.';
comment on column analyst.models.state is 'candidate, active, retired, failed_gate or rolled_back.';
comment on column analyst.models.parent_id is 'Model that was active when this one was fitted.';
comment on column analyst.models.metadata is 'Features, encoder, calibration, training report, seed and versions.';
comment on column analyst.models.metrics is 'Measurements of the gate: gain in nats per record, share of anomalies.';
comment on column analyst.models.artefact_bytes is 'Size of the artefact, bytes.';
comment on column analyst.models.checksum is 'SHA-256 of the artefact, hex.';
comment on column analyst.models.created_at is 'When it was stored.';
comment on column analyst.models.promoted_at is 'When it last became active.';
comment on column analyst.models.shadow_since is 'When it became a shadow; null: it never was one. A candidate with this time is the shadow.';

create view analyst.model_fields as
  select pipeline, model_id, field, anomalies, scored,
         -- Retention may have deleted anomalies of minutes that are counted: the fields share all as they share the stored ones.
         anomalies / sum(anomalies) over (partition by pipeline, model_id)::float8 * found * 1e6 / scored as per_million
  from (
    select pipeline, model_id, main_field as field, count(*) as anomalies, scored, found
    from (
      select pipeline, model_id, min(minute) as first_minute, max(minute) as last_minute, sum(scored)::float8 as scored,
             sum(anomalies)::float8 as found
      from outflow.score_statistics
      group by 1, 2
      having sum(scored) > 0
    ) as spans
    join outflow.anomalies as own using (pipeline, model_id)
    where not rescored and record_time >= first_minute and record_time < last_minute + interval '1 minute'
    group by 1, 2, 3, 5, 6
  ) as counted;
comment on view analyst.model_fields is
  'One row for each model and field: the anomalies whose main reason is that field, while statistics of the model are kept. Compare two models to see what changed.';
comment on column analyst.model_fields.pipeline is 'Name of the pipeline.';
comment on column analyst.model_fields.model_id is 'Model that scored the records.';
comment on column analyst.model_fields.field is 'Field of the main reason; null: anomalies without reasons.';
comment on column analyst.model_fields.anomalies is 'Stored anomalies, without those of a rescore.';
comment on column analyst.model_fields.scored is 'Records that the model scored.';
comment on column analyst.model_fields.per_million is
  'Anomalies in a million records, estimated from the stored ones where retention has deleted others.';

create view analyst.model_changes as
  select id, pipeline, action, model_id, previous_id, made_by, why, made_at
  from outflow.model_changes;
comment on view analyst.model_changes is 'One row for each change of a pipeline''s active model.';
comment on column analyst.model_changes.id is 'Number of the change.';
comment on column analyst.model_changes.pipeline is 'Name of the pipeline.';
comment on column analyst.model_changes.action is 'promote or rollback.';
comment on column analyst.model_changes.model_id is 'Model that became active.';
comment on column analyst.model_changes.previous_id is 'Model that was active before.';
comment on column analyst.model_changes.made_by is 'Who changed it: a person, trainer or guard.';
comment on column analyst.model_changes.why is 'Reason that was given.';
comment on column analyst.model_changes.made_at is 'When it was changed.';

create view analyst.fits as
  select id, pipeline, because, state, model_id, incumbent_id, started_at, ended_at,
         extract(epoch from coalesce(ended_at, updated_at) - started_at) as duration_seconds,
         step, max_steps,
         (report -> 'window' ->> 'from')::timestamptz as window_from, (report -> 'window' ->> 'to')::timestamptz as window_to,
         (report -> 'records' ->> 'fitted')::bigint as fitted, (report -> 'records' ->> 'heldOut')::bigint as held_out,
         (report -> 'records' ->> 'rejected')::bigint as rejected, (report -> 'records' ->> 'excluded')::bigint as excluded,
         (report -> 'gate' -> 'gain' ->> 'mean')::float8 as gain_nats,
         report -> 'gate' ->> 'against' as gain_against,
         (report -> 'gate' ->> 'anomalyShare')::float8 as anomaly_share,
         (report -> 'gate' -> 'anomaliesBy' ->> 'both')::bigint as anomalies_by_both,
         (report -> 'gate' -> 'anomaliesBy' ->> 'candidate')::bigint as anomalies_by_model,
         (report -> 'gate' -> 'anomaliesBy' ->> 'incumbent')::bigint as anomalies_by_incumbent,
         report -> 'gate' -> 'failures' as gate_failures, report
  from outflow.fits;
comment on view analyst.fits is 'One row for each fit: its cause, training window and gate.';
comment on column analyst.fits.id is 'Number of the fit.';
comment on column analyst.fits.pipeline is 'Name of the pipeline.';
comment on column analyst.fits.because is
  'Cause: no model, asked for (by whom, and why), schedule, features changed, more records, drift or verdicts.';
comment on column analyst.fits.state is
  'running, shadow, promoted, failed_gate, known (the model is already stored), failed, or abandoned (its trainer ended).';
comment on column analyst.fits.model_id is 'Model that it gave; null: none.';
comment on column analyst.fits.incumbent_id is 'Model that was active when it started.';
comment on column analyst.fits.started_at is 'When it started.';
comment on column analyst.fits.ended_at is 'When it ended; null while it runs.';
comment on column analyst.fits.duration_seconds is 'Duration so far, s.';
comment on column analyst.fits.step is 'Training steps done.';
comment on column analyst.fits.max_steps is 'Largest number of training steps.';
comment on column analyst.fits.window_from is 'Start of the training window, by Kafka''s timestamps.';
comment on column analyst.fits.window_to is 'End of the training window, by Kafka''s timestamps.';
comment on column analyst.fits.fitted is 'Records that the model was fitted to, and its calibration records.';
comment on column analyst.fits.held_out is 'Records held out for the gate.';
comment on column analyst.fits.rejected is 'Records of the window that were rejected.';
comment on column analyst.fits.excluded is
  'Records left out: confirmed anomalies, those of analyst.training_exclusions, and those of a burst that a first model leaves out.';
comment on column analyst.fits.gain_nats is 'Mean gain in log-likelihood on held-out records, nats per record.';
comment on column analyst.fits.gain_against is 'What the gain is measured against: the incumbent, or independent fields.';
comment on column analyst.fits.anomaly_share is 'Share of held-out records that the model would call anomalies.';
comment on column analyst.fits.anomalies_by_both is
  'Held-out records that would be anomalies under the model and under the incumbent; null: there was no incumbent.';
comment on column analyst.fits.anomalies_by_model is 'Held-out records that would be anomalies under the model alone.';
comment on column analyst.fits.anomalies_by_incumbent is 'Held-out records that would be anomalies under the incumbent alone.';
comment on column analyst.fits.gate_failures is 'Conditions of the gate that failed.';
comment on column analyst.fits.report is
  'The whole report, as JSON: also the curves and peak memory of the fit, the limits of the gain, and the seed.';

create view analyst.training_exclusions as
  select id, pipeline, from_time, to_time, why, excluded_by, excluded_at
  from outflow.training_exclusions;
comment on view analyst.training_exclusions is 'One row for each range of Kafka''s record time that no model is fitted to.';
comment on column analyst.training_exclusions.id is 'Number of the exclusion.';
comment on column analyst.training_exclusions.pipeline is 'Name of the pipeline.';
comment on column analyst.training_exclusions.from_time is 'Start of the range, included.';
comment on column analyst.training_exclusions.to_time is 'End of the range, not included.';
comment on column analyst.training_exclusions.why is 'Reason that was given.';
comment on column analyst.training_exclusions.excluded_by is 'Who excluded it.';
comment on column analyst.training_exclusions.excluded_at is 'When it was excluded.';

create view analyst.shadows as
  select statistics.pipeline, statistics.shadow_id, statistics.model_id, models.state, models.shadow_since,
         statistics.scored, anomalies_by_both, anomalies_by_active, anomalies_by_shadow,
         (anomalies_by_active + anomalies_by_shadow) / nullif(statistics.scored, 0)::float8 as disagreement,
         statistics.updated_at
  from outflow.shadow_statistics as statistics
  left join outflow.models as models on models.pipeline = statistics.pipeline and models.id = statistics.shadow_id;
comment on view analyst.shadows is
  'One row for each shadow and the model that was active: how often their decisions agreed, as exact counts.';
comment on column analyst.shadows.pipeline is 'Name of the pipeline.';
comment on column analyst.shadows.shadow_id is 'The shadow.';
comment on column analyst.shadows.model_id is 'Model that was active.';
comment on column analyst.shadows.state is 'State of the shadow now, as in analyst.models.';
comment on column analyst.shadows.shadow_since is 'When it started to score live records.';
comment on column analyst.shadows.scored is 'Records that both models scored.';
comment on column analyst.shadows.anomalies_by_both is 'Records that are anomalies under both models.';
comment on column analyst.shadows.anomalies_by_active is 'Records that are anomalies under the active model alone.';
comment on column analyst.shadows.anomalies_by_shadow is 'Records that are anomalies under the shadow alone.';
comment on column analyst.shadows.disagreement is 'Share of the records that are anomalies under one of the models alone.';
comment on column analyst.shadows.updated_at is 'When the last batch was counted.';

create view analyst.shadow_differences as
  select pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, anomaly_by,
         model_id, nll, p_value, shadow_id, shadow_nll, shadow_p_value, noted_at
  from outflow.shadow_differences;
comment on view analyst.shadow_differences is
  'One row for each record that is an anomaly under the active model or a shadow, and not under both; at most 1,000 of a batch, those with the largest differences.';
comment on column analyst.shadow_differences.pipeline is 'Name of the pipeline.';
comment on column analyst.shadow_differences.topic is 'Kafka topic of the record.';
comment on column analyst.shadow_differences.partition is 'Partition of the topic.';
comment on column analyst.shadow_differences."offset" is 'Offset in the partition.';
comment on column analyst.shadow_differences.record_time is 'Kafka''s timestamp of the record.';
comment on column analyst.shadow_differences.event_time is
  'The record''s own timestamp (source.timestamp); Kafka''s if it has none.';
comment on column analyst.shadow_differences.entity_key is 'Entity of the record, as in analyst.anomalies.';
comment on column analyst.shadow_differences.record is 'The decoded record.';
comment on column analyst.shadow_differences.anomaly_by is
  'active: an anomaly under the active model alone, and in analyst.anomalies; shadow: under the shadow alone.';
comment on column analyst.shadow_differences.model_id is 'The active model.';
comment on column analyst.shadow_differences.nll is 'Negative log-likelihood under the active model, nats.';
comment on column analyst.shadow_differences.p_value is 'p-value under the active model.';
comment on column analyst.shadow_differences.shadow_id is 'The shadow.';
comment on column analyst.shadow_differences.shadow_nll is 'Negative log-likelihood under the shadow, nats.';
comment on column analyst.shadow_differences.shadow_p_value is 'p-value under the shadow.';
comment on column analyst.shadow_differences.noted_at is 'When the row was written.';

create view analyst.recalibrations as
  select id, pipeline, model_id, factor, until_time, made_at, recalibration
  from outflow.recalibrations;
comment on view analyst.recalibrations is 'One row for each recalibration of a model''s p-values between two fits.';
comment on column analyst.recalibrations.id is 'Number of the recalibration.';
comment on column analyst.recalibrations.pipeline is 'Name of the pipeline.';
comment on column analyst.recalibrations.model_id is 'Model whose p-values are recalibrated.';
comment on column analyst.recalibrations.factor is 'Factor by which the p-value at the alert rate is multiplied, approximately.';
comment on column analyst.recalibrations.until_time is 'Last minute of the scores it was made from, by Kafka''s timestamps.';
comment on column analyst.recalibrations.made_at is 'When it was made; later batches use it.';
comment on column analyst.recalibrations.recalibration is
  'The recalibration as knots: at, ln((1 − p) / p) of a p-value; shift, what is subtracted from it.';

create view analyst.alert_deliveries as
  select pipeline, webhook, event_id,
         case when delivered_at is not null then 'delivered' when died_at is not null then 'dead' else 'waiting' end as state,
         attempts, status, failure, queued_at, first_attempt_at, delivered_at, died_at
  from outflow.webhook_deliveries;
comment on view analyst.alert_deliveries is 'One row for each event and webhook. Alerts on Kafka are not included.';
comment on column analyst.alert_deliveries.pipeline is 'Name of the pipeline.';
comment on column analyst.alert_deliveries.webhook is 'Name of the webhook in outflow.yaml.';
comment on column analyst.alert_deliveries.event_id is
  'Id of the event, and the receiver''s idempotency key; for an anomaly pipeline/topic/partition/offset.';
comment on column analyst.alert_deliveries.state is
  'waiting: for the first or another attempt; delivered: the receiver accepted it; dead: no more attempts, `outflow webhooks resend` resends it.';
comment on column analyst.alert_deliveries.attempts is 'Attempts made.';
comment on column analyst.alert_deliveries.status is
  'HTTP status of the last attempt; null: none was made, or it had no response.';
comment on column analyst.alert_deliveries.failure is 'Error of the last attempt that failed.';
comment on column analyst.alert_deliveries.queued_at is 'When it was queued, after the event was sent to Kafka.';
comment on column analyst.alert_deliveries.first_attempt_at is 'When the first attempt was made.';
comment on column analyst.alert_deliveries.delivered_at is 'When the receiver accepted it.';
comment on column analyst.alert_deliveries.died_at is 'When the attempts stopped.';

create view analyst.health_events as
  select id, pipeline, kind, detail, model_id, begun_at, ended_at, occurrence is null and ended_at is null as is_open
  from outflow.health_events;
comment on view analyst.health_events is
  'One row for each health event: a condition of a pipeline with start and end, or something that happened to it once.';
comment on column analyst.health_events.id is 'Number of the health event; part of the id of its message.';
comment on column analyst.health_events.pipeline is 'Name of the pipeline.';
comment on column analyst.health_events.kind is
  'A condition, such as no_model, records_rejected or drift, or what happened, such as model_rolled_back.';
comment on column analyst.health_events.detail is 'What was found, as a sentence; updated while it holds.';
comment on column analyst.health_events.model_id is 'Model concerned; null: none.';
comment on column analyst.health_events.begun_at is 'When it started or happened.';
comment on column analyst.health_events.ended_at is 'When it ended; null while it holds.';
comment on column analyst.health_events.is_open is 'Whether it holds now.';

create view analyst.suppressions as
  select id, pipeline, entity, field, direction, range_low, range_high, time_of_week, zone, expires_at, why, created_by,
         created_at, removed_by, removed_at, removed_at is null and expires_at > now() as active, hidden, last_hidden_at
  from outflow.suppressions;
comment on view analyst.suppressions is
  'One row for each rule that hides alerts until it expires. An alert is hidden if all conditions of a rule hold; its anomaly is in analyst.anomalies.';
comment on column analyst.suppressions.id is 'Number of the rule, as in `outflow suppress remove 3`.';
comment on column analyst.suppressions.pipeline is 'Name of the pipeline.';
comment on column analyst.suppressions.entity is 'Condition: key of the alert; null: any.';
comment on column analyst.suppressions.field is 'Condition: field of the strongest reason; null: any.';
comment on column analyst.suppressions.direction is
  'Condition: whether the number in the field is above or below the expected one; null: either.';
comment on column analyst.suppressions.range_low is 'Condition: smallest number in the field; null: no limit.';
comment on column analyst.suppressions.range_high is 'Condition: largest number in the field; null: no limit.';
comment on column analyst.suppressions.time_of_week is 'Condition: event time, such as mon 06:00-09:00; null: any.';
comment on column analyst.suppressions.zone is 'Time zone of time_of_week.';
comment on column analyst.suppressions.expires_at is 'Anomalies detected from then on are alerted again.';
comment on column analyst.suppressions.why is 'Reason that was given.';
comment on column analyst.suppressions.created_by is 'Who created it.';
comment on column analyst.suppressions.created_at is 'When it was created.';
comment on column analyst.suppressions.removed_by is 'Who removed it before it expired; null: nobody.';
comment on column analyst.suppressions.removed_at is 'When it was removed; null: it was not.';
comment on column analyst.suppressions.active is 'Whether it hides alerts now.';
comment on column analyst.suppressions.hidden is 'Alerts that it has hidden.';
comment on column analyst.suppressions.last_hidden_at is 'When it last hid an alert; null: never.';

create view analyst.unsent_alerts as
  select unsent.pipeline, unsent.topic, unsent.partition, unsent."offset", unsent.because, unsent.rule_id,
         rule.why as rule_why, unsent.group_id, unsent.decided_at
  from outflow.unsent_alerts as unsent
  left join outflow.suppressions as rule on rule.id = unsent.rule_id;
comment on view analyst.unsent_alerts is 'One row for each anomaly whose alert was not sent alone.';
comment on column analyst.unsent_alerts.pipeline is 'Name of the pipeline.';
comment on column analyst.unsent_alerts.topic is 'Kafka topic of the record.';
comment on column analyst.unsent_alerts.partition is 'Partition of the topic.';
comment on column analyst.unsent_alerts."offset" is
  'Offset in the partition. Pipeline, topic, partition and offset identify the anomaly.';
comment on column analyst.unsent_alerts.because is
  'rule: hidden by a suppression; cooldown: its key had an alert shortly before; key, reason or quiet: grouped by key, by strongest reason, or during quiet hours; provisional: found by a provisional model, without alerts.provisional.';
comment on column analyst.unsent_alerts.rule_id is 'Rule that hid it, as in analyst.suppressions; null: none.';
comment on column analyst.unsent_alerts.rule_why is 'Reason that was given for the rule.';
comment on column analyst.unsent_alerts.group_id is 'Id of the event about its group; null: it is in no group.';
comment on column analyst.unsent_alerts.decided_at is 'When this was decided.';

create view analyst.verdicts as
  select pipeline, topic, partition, "offset", concat_ws('/', pipeline, topic, partition, "offset") as anomaly_id,
         verdict, note, given_by, given_at, detected_at,
         id = max(id) over (partition by pipeline, topic, partition, "offset") as counts, record_time
  from outflow.verdicts;
comment on view analyst.verdicts is
  'One row for each verdict that a person gave on an anomaly or a calibration record; the latest on a record counts.';
comment on column analyst.verdicts.pipeline is 'Name of the pipeline.';
comment on column analyst.verdicts.topic is 'Kafka topic of the record.';
comment on column analyst.verdicts.partition is 'Partition of the topic.';
comment on column analyst.verdicts."offset" is 'Offset in the partition.';
comment on column analyst.verdicts.anomaly_id is
  'pipeline/topic/partition/offset: the id of the alert, and the argument of `outflow explain --anomaly`.';
comment on column analyst.verdicts.verdict is
  'confirmed: worth knowing; false_alarm: a normal record; expected: unusual, and known beforehand.';
comment on column analyst.verdicts.note is 'Note of the person who gave it.';
comment on column analyst.verdicts.given_by is 'Who gave it.';
comment on column analyst.verdicts.given_at is 'When it was given.';
comment on column analyst.verdicts.detected_at is
  'When the anomaly was detected; null: a calibration record that was no anomaly.';
comment on column analyst.verdicts.counts is 'Whether it is the latest on its record.';
comment on column analyst.verdicts.record_time is 'Kafka''s timestamp of the record.';

create view analyst.calibration_records as
  select record.pipeline, record.model_id, record.rank,
         concat_ws('/', record.pipeline, record.topic, record.partition, record."offset") as id,
         record.topic, record.partition, record."offset", record.record_time, record.record, record.nll,
         verdict.verdict, verdict.given_by, verdict.given_at
  from outflow.calibration_records as record
  left join analyst.verdicts as verdict using (pipeline, topic, partition, "offset")
  where verdict.counts is not false;
comment on view analyst.calibration_records is
  'One row for each calibration record of a fitted model that people may label, as `outflow verdicts ask` offers them. Restrict pipeline and model_id.';
comment on column analyst.calibration_records.pipeline is 'Name of the pipeline.';
comment on column analyst.calibration_records.model_id is 'The model, as it was fitted.';
comment on column analyst.calibration_records.rank is 'Rank among the calibration records of the model; 0 is the least likely.';
comment on column analyst.calibration_records.id is
  'pipeline/topic/partition/offset, as `outflow verdicts` and outflow.give_verdict take it.';
comment on column analyst.calibration_records.topic is 'Kafka topic of the record.';
comment on column analyst.calibration_records.partition is 'Partition of the topic.';
comment on column analyst.calibration_records."offset" is 'Offset in the partition.';
comment on column analyst.calibration_records.record_time is 'Kafka''s timestamp of the record.';
comment on column analyst.calibration_records.record is 'Values of the features by name.';
comment on column analyst.calibration_records.nll is 'Negative log-likelihood by the model, nats.';
comment on column analyst.calibration_records.verdict is 'The latest verdict; null: none.';
comment on column analyst.calibration_records.given_by is 'Who gave it.';
comment on column analyst.calibration_records.given_at is 'When it was given.';

create view analyst.precision as
  select pipeline, grouped_by, value, confirmed, false_alarms, expected, judged,
         confirmed::float8 / judged as precision,
         -- Wilson's interval (1927) at 95 %, z = 1.96; at 0 and 1 it ends there, which float8 would miss by a little
         case when confirmed = 0 then 0
              else (confirmed + 1.9208 - 1.96 * sqrt(confirmed * (judged - confirmed) / judged::float8 + 0.9604))
                   / (judged + 3.8416)
         end as precision_lower,
         case when confirmed = judged then 1
              else (confirmed + 1.9208 + 1.96 * sqrt(confirmed * (judged - confirmed) / judged::float8 + 0.9604))
                   / (judged + 3.8416)
         end as precision_upper
  from (
    select verdicts.pipeline, grouped_by, value,
           count(*) filter (where verdict = 'confirmed') as confirmed,
           count(*) filter (where verdict = 'false_alarm') as false_alarms,
           count(*) filter (where verdict = 'expected') as expected,
           count(*) as judged
    from analyst.verdicts
    -- Verdicts outlive their anomalies, of which then only the week is known. The limit makes each verdict find its anomaly in
    -- one partition: from thousands of verdicts on, the planner would read all anomalies.
    left join lateral (
      select found.detected_at, found.main_field, found.severity, found.model_id
      from outflow.anomalies as found
      where found.pipeline = verdicts.pipeline and found.topic = verdicts.topic and found.partition = verdicts.partition
        and found."offset" = verdicts."offset" and found.record_time = verdicts.record_time
      limit 1
    ) as anomaly on true
    cross join lateral (
      -- A calibration record may become an anomaly after its verdict.
      values ('week', to_char(date_trunc('week', coalesce(verdicts.detected_at, anomaly.detected_at) at time zone 'utc'),
                              'YYYY-MM-DD')),
             ('field', main_field), ('severity', severity), ('model', model_id)
    ) as grouped (grouped_by, value)
    where counts and value is not null
    group by 1, 2, 3
  ) as groups;
comment on view analyst.precision is
  'Share of the anomalies with a verdict that are confirmed, by week of detection, field of the main reason, severity and model. Restrict grouped_by. Give verdicts on a random sample: it does not describe anomalies without one.';
comment on column analyst.precision.pipeline is 'Name of the pipeline.';
comment on column analyst.precision.grouped_by is 'week, field, severity or model: an anomaly counts once in each.';
comment on column analyst.precision.value is
  'Monday of the week (UTC, as 2026-03-02), field of the main reason, severity or id of the model.';
comment on column analyst.precision.confirmed is 'Anomalies whose latest verdict is confirmed.';
comment on column analyst.precision.false_alarms is 'Anomalies whose latest verdict is false_alarm.';
comment on column analyst.precision.expected is 'Anomalies whose latest verdict is expected.';
comment on column analyst.precision.judged is 'Anomalies with a verdict: the sum of the three.';
comment on column analyst.precision.precision is 'confirmed / judged.';
comment on column analyst.precision.precision_lower is 'Lower limit of the 95 % interval of the precision (Wilson).';
comment on column analyst.precision.precision_upper is 'Upper limit of the 95 % interval of the precision (Wilson).';

create view analyst.audit as
  select id, at, actor, role, authentication, action, pipeline, target, detail, outcome, problem
  from outflow.audit;
comment on view analyst.audit is 'One row for each change that somebody made or tried in the console.';
comment on column analyst.audit.id is 'Number of the entry.';
comment on column analyst.audit.at is 'When the change was requested.';
comment on column analyst.audit.actor is
  'Who requested it: name of the token, name from the OpenID provider, or user of the machine.';
comment on column analyst.audit.role is 'Role of the actor at that time: reader, analyst or operator.';
comment on column analyst.audit.authentication is
  'How the actor was authenticated: token, oidc, or none (on the machine itself).';
comment on column analyst.audit.action is 'What was requested, such as promote or give verdict.';
comment on column analyst.audit.pipeline is 'Name of the pipeline; null: none.';
comment on column analyst.audit.target is 'The anomaly, model or rule concerned; null: none.';
comment on column analyst.audit.detail is 'Other inputs, such as the reason.';
comment on column analyst.audit.outcome is
  'done; failed; denied: the role does not allow it; begun: the console ended during the change.';
comment on column analyst.audit.problem is 'Why it was not done; null: it was.';

grant usage on schema analyst to outflow_analyst;
grant select on all tables in schema analyst to outflow_analyst;
