import { recalibrate } from '@outflow/detector'
import { fieldsAt, type JsonObject } from '@outflow/records'
import type { Anomaly } from '@outflow/store/anomalies'
import type { KafkaRecord } from '@outflow/streams'
import type { DecidedBatch, ModelLease } from './batch.js'

/**
 * Gives the anomalies of a batch as they are stored, in the order of their records; their reasons are computed from that.
 *
 * @param recordOf  gives the whole record of a message that could be read
 */
export function anomaliesOf(
  { decisions, records, fields, scores, model }: DecidedBatch,
  recordOf: (source: KafkaRecord) => JsonObject,
): readonly Anomaly[] {
  const { modelId, detector, recalibrationId } = model
  return decisions.anomalies.map(({ index, severity }) => {
    const { source, eventTimeMs, entityKey } = records[index]!
    const own = fieldsAt(fields, index)
    const nll = scores.nll[index]!
    return {
      offset: source.offset,
      recordTimeMs: source.timestampMs,
      eventTimeMs,
      entityKey,
      record: recordOf(source),
      nll,
      pValue: scores.pValue[index]!,
      pUpper: upperLimit(model, nll),
      missing: detector.missing(own),
      windowed: detector.windowed(own),
      severity,
      modelId,
      recalibrationId,
    }
  })
}

/** Recalibrated as the p-value is. */
function upperLimit({ detector, recalibration }: ModelLease, nll: number): number {
  return recalibrate(recalibration, Float64Array.of(detector.pUpperLimit(nll)))[0]!
}
