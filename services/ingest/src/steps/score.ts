import { recalibrate, type Scores } from '@outflow/detector'
import type { ReadBatch, ScoredBatch } from '../batch.js'

const NOTHING: Scores = { nll: new Float64Array(0), pValue: new Float64Array(0), unseenValues: 0, missingValues: 0 }

/** Scores the whole batch in one call of its model, and recalibrates the p-values. */
export async function score(batch: ReadBatch): Promise<ScoredBatch> {
  if (batch.records.length === 0) return { ...batch, scores: NOTHING, ownPValue: NOTHING.pValue }
  const { detector, recalibration } = batch.model
  const own = await detector.scoreTable(batch.fields)
  return { ...batch, scores: { ...own, pValue: recalibrate(recalibration, own.pValue) }, ownPValue: own.pValue }
}
