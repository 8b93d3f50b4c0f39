import { jsonbText, timestampText } from '../connection/postgres-text.js'
import type { Anomaly } from './anomaly.js'

/** The columns of outflow.anomalies that an `Anomaly` fills, with their types in the JSON of `anomalyRow`. */
const TYPES = {
  offset: 'bigint',
  record_time: 'timestamptz',
  event_time: 'timestamptz',
  entity_key: 'text',
  // Separate JSON text, so that a record that is nested too deeply is replaced alone.
  record: 'text',
  nll: 'float8',
  p_value: 'float8',
  p_upper: 'float8',
  missing: 'jsonb',
  severity: 'text',
  windowed: 'float8[]',
  model_id: 'text',
  provisional: 'boolean',
  recalibration_id: 'bigint',
}

const names = Object.keys(TYPES) as (keyof typeof TYPES)[]

/** For `insert into`, for `select` from rows named `anomaly`, and for the column definitions of `json_to_recordset`. */
export const ANOMALY_COLUMNS = names.map((name) => `"${name}"`).join(', ')
export const ANOMALY_VALUES = names.map((name) => `anomaly."${name}"${name === 'record' ? '::jsonb' : ''}`).join(', ')
export const ANOMALY_TYPES = names.map((name) => `"${name}" ${TYPES[name]}`).join(', ')

export function anomalyRow(anomaly: Anomaly) {
  return {
    offset: String(anomaly.offset),
    record_time: timestampText(anomaly.recordTimeMs),
    event_time: timestampText(anomaly.eventTimeMs),
    entity_key: anomaly.entityKey,
    record: jsonbText(anomaly.record),
    nll: anomaly.nll,
    p_value: anomaly.pValue,
    p_upper: anomaly.pUpper,
    missing: anomaly.missing,
    severity: anomaly.severity,
    windowed: anomaly.windowed ?? null,
    model_id: anomaly.modelId,
    provisional: anomaly.provisional ?? false,
    recalibration_id: anomaly.recalibrationId?.toString(),
  } satisfies Record<keyof typeof TYPES, unknown>
}
