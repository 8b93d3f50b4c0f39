import type { Scores } from '@outflow/detector'
import type { CleanBatch, ScoredBatch } from '../batch.js'

const NOTHING: Scores = { nll: new Float64Array(0), pValue: new Float64Array(0), unseenValues: 0, missingValues: 0 }

/** Scores the whole batch in one call of its model. */
export async function score(batch: CleanBatch): Promise<ScoredBatch> {
  if (batch.records.length === 0) return { ...batch, scores: NOTHING }
  return { ...batch, scores: await batch.model.detector.score(batch.records.map(({ fields }) => fields)) }
}
