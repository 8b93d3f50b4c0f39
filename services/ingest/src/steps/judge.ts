import type { Severity } from '@outflow/contracts'
import type { JudgedBatch, ScoredBatch } from '../batch.js'

/** Makes the step that passes the verdict: a record is an anomaly when its p-value is at most the alert rate. */
export function judgeAt(alertRate: number) {
  return (batch: ScoredBatch): JudgedBatch => {
    const outliers: number[] = []
    batch.scores.pValue.forEach((pValue, index) => {
      if (pValue <= alertRate) outliers.push(index)
    })
    return { ...batch, outliers }
  }
}

/**
 * How far beyond the alert rate a record lies, in bits of surprise: `log₂(alertRate / p)`.
 *
 * Below 1 bit (up to twice as rare as what was asked for) is low, below 3 bits (up to eight times) medium, the rest high.
 * Relative to the rate, because a p-value is never below 1 / (calibration records + 1): an absolute scale would call
 * everything high at a small rate, and nothing at a large one.
 */
export function severityOf(pValue: number, alertRate: number): Severity {
  const bits = Math.log2(alertRate / pValue)
  if (bits < 1) return 'low'
  return bits < 3 ? 'medium' : 'high'
}
