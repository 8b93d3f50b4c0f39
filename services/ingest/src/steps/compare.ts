import type { DetectionTarget } from '@outflow/contracts'
import { type Decisions, type Detector, decide, decisionRule, type Scores } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import type { ShadowWrite } from '@outflow/store/batch'
import { scoredRecord } from '../anomalies.js'
import type { ComparedBatch, DecidedBatch, RecordOf } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'

interface CompareOptions {
  readonly detection: DetectionTarget
  readonly recordOf: RecordOf
  readonly telemetry: Pick<IngestTelemetry, 'shadowFailed'>
}

/** Counts are exact; of the differing records of a batch only this many are kept, those with the largest difference. */
const MOST_DIFFERENCES = 1_000

/**
 * Returns the step in which a shadow scores the batch as well, and its decisions are compared with those of the model. Both use
 * the same rule and the same state from earlier records. After an error only the comparison is lost.
 */
export function compareWith({ detection, recordOf, telemetry }: CompareOptions) {
  /** Batches in a row that a shadow could not score. */
  const failures = new WeakMap<Detector, number>()
  return async (batch: DecidedBatch): Promise<ComparedBatch> => {
    const { shadow } = batch.model
    if (shadow === null || batch.records.length === 0) return batch
    const { modelId: shadowId, detector } = shadow
    try {
      const scores = await detector.scoreTable(batch.fields)
      failures.delete(detector)
      const decisions = decide(scores.pValue, decisionRule(detection, detector.metadata), batch.fdrBefore)
      return { ...batch, shadow: comparisonOf(batch, { shadowId, scores, decisions }, recordOf) }
    } catch (thrown: unknown) {
      const attempt = (failures.get(detector) ?? 0) + 1
      failures.set(detector, attempt)
      telemetry.shadowFailed(shadowId, toOutflowError(thrown), attempt)
      return batch
    }
  }
}

interface ShadowResult {
  readonly shadowId: string
  readonly scores: Scores
  readonly decisions: Decisions
}

function comparisonOf(
  batch: DecidedBatch,
  { shadowId, scores, decisions }: ShadowResult,
  recordOf: RecordOf,
): ShadowWrite {
  const indicesOf = ({ anomalies }: Decisions) => anomalies.map(({ index }) => index)
  const onlyActive = indicesOf(batch.decisions).filter((index) => decisions.isAnomaly[index] === 0)
  const onlyShadow = indicesOf(decisions).filter((index) => batch.decisions.isAnomaly[index] === 0)
  const apart = (index: number) => Math.abs(Math.log(batch.scores.pValue[index]! / scores.pValue[index]!))
  return {
    shadowId,
    modelId: batch.model.modelId,
    scored: batch.records.length,
    anomaliesByBoth: batch.decisions.anomalies.length - onlyActive.length,
    anomaliesByActive: onlyActive.length,
    anomaliesByShadow: onlyShadow.length,
    differences: [...onlyActive, ...onlyShadow]
      .sort((a, b) => apart(b) - apart(a))
      .slice(0, MOST_DIFFERENCES)
      .map((index) => ({
        ...scoredRecord(batch, index, recordOf),
        anomalyBy: batch.decisions.isAnomaly[index] === 1 ? 'active' : 'shadow',
        shadowNll: scores.nll[index]!,
        shadowPValue: scores.pValue[index]!,
      })),
  }
}
