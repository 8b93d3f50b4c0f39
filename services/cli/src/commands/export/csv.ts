import type { StoredAnomaly } from '@outflow/store/anomalies'
import { stringify } from 'csv-stringify/sync'
import type { Output } from '../../open-output.js'
import type { AnomalyWriter } from './anomaly-writer.js'

const COLUMNS = [
  ...[
    'pipeline',
    'topic',
    'partition',
    'offset',
    'event_time',
    'record_time',
    'entity_key',
    'nll',
    'p_value',
    'p_upper',
  ],
  ...['surprise_bits', 'severity', 'why', 'missing', 'model_id', 'detected_at', 'reasons', 'counterfactual', 'record'],
]

/**
 * Anomalies as CSV, one line each below a header; lists and objects are JSON in their cell, times ISO 8601.
 *
 * A text that a spreadsheet would run as a formula gets an apostrophe before it.
 */
export function csvWriter(output: Output): AnomalyWriter {
  let header = true
  return {
    write: async (anomalies) => {
      const text = stringify(anomalies.map(cells), { header, columns: COLUMNS, cast: { string: defused } })
      header = false
      await output.write(text)
    },
    end: async () => {
      if (header) await output.write(stringify([], { header, columns: COLUMNS }))
    },
  }
}

// Entities, values and topics are data of the stream. @see OWASP, CSV Injection
const RUNS_AS_FORMULA = /^[=+\-@\t\r]/

const defused = (text: string): string => (RUNS_AS_FORMULA.test(text) ? `'${text}` : text)

function cells(anomaly: StoredAnomaly) {
  return {
    pipeline: anomaly.pipeline,
    topic: anomaly.topic,
    partition: anomaly.partition,
    offset: anomaly.offset,
    event_time: new Date(anomaly.eventTimeMs).toISOString(),
    record_time: new Date(anomaly.recordTimeMs).toISOString(),
    entity_key: anomaly.entityKey,
    nll: anomaly.nll,
    p_value: anomaly.pValue,
    p_upper: anomaly.pUpper,
    surprise_bits: -Math.log2(anomaly.pValue),
    severity: anomaly.severity,
    why: anomaly.reasons[0]?.text ?? null,
    missing: JSON.stringify(anomaly.missing),
    model_id: anomaly.modelId,
    detected_at: anomaly.detectedAt.toISOString(),
    reasons: JSON.stringify(anomaly.reasons),
    counterfactual: anomaly.counterfactual && JSON.stringify(anomaly.counterfactual),
    record: JSON.stringify(anomaly.record),
  }
}
