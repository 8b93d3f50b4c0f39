import type { Scores } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import type { JsonObject } from '@outflow/formats'
import type { ShadowDifference, ShadowWrite } from '@outflow/store/batch'
import type { KafkaRecord } from '@outflow/streams'
import type { ComparedBatch, JudgedBatch } from '../batch.js'
import type { ShadowModel } from '../shadow-model.js'
import type { IngestTelemetry } from '../telemetry.js'

type RecordOf = (source: KafkaRecord) => JsonObject

export interface CompareOptions {
  readonly shadow: Pick<ShadowModel, 'borrow'>
  /** Gives the whole record of a message that could be read. */
  readonly recordOf: RecordOf
  readonly telemetry: Pick<IngestTelemetry, 'shadowFailed'>
}

/** Counts are exact; of what differs so many records a batch are kept, those that the two differ in most. */
const MOST_DIFFERENCES = 1_000

/**
 * Makes the step that lets a candidate score the batch as well, where one is to, and finds what would have been flagged
 * differently. What fails in it costs the comparison and nothing else.
 */
export function compareWith({ shadow, recordOf, telemetry }: CompareOptions) {
  return async (batch: JudgedBatch): Promise<ComparedBatch> => {
    const lease = batch.records.length === 0 ? null : shadow.borrow(batch.model.detector.metadata.features)
    if (lease === null) return batch
    try {
      const scores = await lease.detector.scoreTable(batch.fields)
      const flagged = batch.judgeAlike(scores.pValue, lease.detector.metadata.recordsPerDay)
      return { ...batch, shadow: comparisonOf(batch, lease.modelId, scores, flagged, recordOf) }
    } catch (thrown: unknown) {
      telemetry.shadowFailed(lease.modelId, toOutflowError(thrown))
      return batch
    } finally {
      lease.giveBack()
    }
  }
}

function comparisonOf(
  batch: JudgedBatch,
  shadowId: string,
  theirs: Scores,
  flaggedByThem: readonly number[],
  recordOf: RecordOf,
): ShadowWrite {
  const own = new Set(batch.outliers)
  const other = new Set(flaggedByThem)
  const onlyOwn = batch.outliers.filter((index) => !other.has(index))
  const onlyOther = flaggedByThem.filter((index) => !own.has(index))
  const apart = (index: number) => Math.abs(Math.log(batch.scores.pValue[index]! / theirs.pValue[index]!))
  return {
    shadowId,
    modelId: batch.model.modelId,
    scored: batch.records.length,
    flaggedByBoth: own.size - onlyOwn.length,
    flaggedByActive: onlyOwn.length,
    flaggedByShadow: onlyOther.length,
    differences: [...onlyOwn, ...onlyOther]
      .sort((a, b) => apart(b) - apart(a))
      .slice(0, MOST_DIFFERENCES)
      .map((index) => differenceOf(batch, index, theirs, own.has(index) ? 'active' : 'shadow', recordOf)),
  }
}

function differenceOf(
  { records, scores }: JudgedBatch,
  index: number,
  theirs: Scores,
  flaggedBy: ShadowDifference['flaggedBy'],
  recordOf: RecordOf,
): ShadowDifference {
  const { source, eventTimeMs, entityKey } = records[index]!
  return {
    offset: source.offset,
    flaggedBy,
    recordTimeMs: source.timestampMs,
    eventTimeMs,
    entityKey,
    record: recordOf(source),
    nll: scores.nll[index]!,
    pValue: scores.pValue[index]!,
    shadowNll: theirs.nll[index]!,
    shadowPValue: theirs.pValue[index]!,
  }
}
