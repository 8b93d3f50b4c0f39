import { anomalyRow } from '../anomalies/anomaly-columns.js'
import { jsonbText, timestampText } from '../connection/postgres-text.js'
import { KEPT_BYTES } from '../dead-letters/dead-letters.js'
import type { MinuteScores } from '../statistics/statistics.js'
import type { BatchWrite, ShadowWrite } from './batch.js'

const DETAIL_LENGTH = 1000

/** Returns a batch, without its minutes, window states and messages, by the names that the statement unpacks: the tables' column names. */
export function batchColumns(batch: BatchWrite) {
  return {
    pipeline: batch.pipeline,
    topic: batch.topic,
    partition: batch.partition,
    expected_offset: String(batch.expectedOffset),
    topic_id: batch.topicId ?? null,
    next_offset: String(batch.nextOffset),
    received: batch.received,
    scored: batch.scored,
    rejected: batch.deadLetters.length,
    skipped: batch.skipped ?? 0,
    anomaly_count: batch.anomalies.length,
    alerts: batch.outbox.filter(({ kind }) => kind === 'alert').length,
    anomalies: batch.anomalies.map(anomalyRow),
    withholds_alerts: batch.withholdsAlerts ?? false,
    dead_letters: batch.deadLetters.map(({ offset, recordTimeMs, reason, detail, key, value }) => ({
      offset: String(offset),
      record_time: timestampText(recordTimeMs),
      reason,
      detail: detail.slice(0, DETAIL_LENGTH),
      message_key: byteaText(key?.subarray(0, KEPT_BYTES)),
      value_start: byteaText(value?.subarray(0, KEPT_BYTES)),
      value_bytes: value?.byteLength,
    })),
    fdr_state: batch.fdrState,
    shadow: batch.shadow && shadowColumns(batch.shadow),
  }
}

export function scoreColumns(minute: MinuteScores) {
  return {
    minute: timestampText(minute.minuteMs),
    model_id: minute.modelId,
    scored: minute.scored,
    anomalies: minute.anomalies,
    nll_min: minute.nllMin,
    nll_max: minute.nllMax,
    nll_sum: minute.nllSum,
    histogram: `{${minute.histogram.join(',')}}`,
    p_histogram: `{${minute.pHistogram.join(',')}}`,
  }
}

function shadowColumns(shadow: ShadowWrite) {
  return {
    shadow_id: shadow.shadowId,
    model_id: shadow.modelId,
    scored: shadow.scored,
    anomalies_by_both: shadow.anomaliesByBoth,
    anomalies_by_active: shadow.anomaliesByActive,
    anomalies_by_shadow: shadow.anomaliesByShadow,
    differences: shadow.differences.map((difference) => ({
      offset: String(difference.offset),
      anomaly_by: difference.anomalyBy,
      record_time: timestampText(difference.recordTimeMs),
      event_time: timestampText(difference.eventTimeMs),
      entity_key: difference.entityKey,
      record: jsonbText(difference.record),
      nll: difference.nll,
      p_value: difference.pValue,
      shadow_nll: difference.shadowNll,
      shadow_p_value: difference.shadowPValue,
    })),
  }
}

function byteaText(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes ? `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}` : undefined
}
