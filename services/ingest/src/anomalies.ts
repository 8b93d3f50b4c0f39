import { recalibrate } from '@outflow/detector'
import { fieldsAt, missingFeatures } from '@outflow/records/fields'
import type { Anomaly } from '@outflow/store/anomalies'
import type { DecidedBatch, ModelLease, RecordOf } from './batch.js'

/** Returns the anomalies of a batch in stored form, in the order of their records; the explainer computes reasons from it. */
export function anomaliesOf(batch: DecidedBatch, recordOf: RecordOf): readonly Anomaly[] {
  const { decisions, fields, model } = batch
  const { modelId, detector, recalibrationId } = model
  return decisions.anomalies.map(({ index, severity }) => {
    const own = fieldsAt(fields, index)
    const scored = scoredRecord(batch, index, recordOf)
    return {
      ...scored,
      pUpper: upperLimit(model, scored.nll),
      missing: missingFeatures(detector.metadata.features, own),
      windowed: detector.windowed(own),
      severity,
      modelId,
      provisional: detector.metadata.provisional,
      recalibrationId,
    }
  })
}

/** A record of a batch with its score by the model. */
export function scoredRecord({ records, scores }: DecidedBatch, index: number, recordOf: RecordOf) {
  const { source, eventTimeMs, entityKey } = records.at(index)!
  return {
    offset: source.offset,
    recordTimeMs: source.timestampMs,
    eventTimeMs,
    entityKey,
    record: recordOf(source),
    nll: scores.nll[index]!,
    pValue: scores.pValue[index]!,
  }
}

/** Recalibrated like the p-value. */
function upperLimit({ detector, recalibration }: ModelLease, nll: number): number {
  return recalibrate(recalibration, Float64Array.of(detector.pUpperLimit(nll)))[0]!
}
