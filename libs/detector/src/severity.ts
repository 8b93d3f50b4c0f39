import type { Severity } from '@outflow/contracts'

/**
 * How far beyond its level a record lies, in bits of surprise: `log₂(level / p)`; the level is the alert rate, or what
 * online control held the record to.
 *
 * Below 1 bit (up to twice as rare as what was asked for) is low, below 3 bits (up to eight times) medium, the rest high.
 * Relative to the rate: an absolute scale would call everything high at a small rate, and nothing at a large one.
 */
export function severityOf(pValue: number, level: number): Severity {
  const bits = Math.log2(level / pValue)
  if (bits < 1) return 'low'
  return bits < 3 ? 'medium' : 'high'
}
