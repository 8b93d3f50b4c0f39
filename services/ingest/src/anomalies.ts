import { recalibrate } from '@outflow/detector'
import { fieldsAt, type JsonObject } from '@outflow/records'
import type { Anomaly } from '@outflow/store/anomalies'
import type { KafkaRecord } from '@outflow/streams'
import type { DecidedBatch, ModelLease } from './batch.js'

/**
 * Returns the anomalies of a batch in stored form, in the order of their records; the explainer computes reasons from it.
 *
 * @param recordOf  returns the whole record of a message that could be read
 */
export function anomaliesOf(
  { decisions, records, fields, scores, model }: DecidedBatch,
  recordOf: (source: KafkaRecord) => JsonObject,
): readonly Anomaly[] {
  const { modelId, detector, recalibrationId } = model
  return decisions.anomalies.map(({ index, severity }) => {
    const { source, eventTimeMs, entityKey } = records.at(index)!
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
      provisional: detector.metadata.provisional,
      recalibrationId,
    }
  })
}

/** Recalibrated like the p-value. */
function upperLimit({ detector, recalibration }: ModelLease, nll: number): number {
  return recalibrate(recalibration, Float64Array.of(detector.pUpperLimit(nll)))[0]!
}
