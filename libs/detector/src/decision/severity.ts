import type { Severity } from '@outflow/contracts'

/**
 * Severity of an anomaly, by its bits of surprise beyond the level that it was compared with: `log₂(level / p)`. The level is the
 * alert rate, or that of online false-discovery control.
 *
 * Below 1 bit (up to twice as rare as what was asked for) is low, below 3 bits (up to eight times) medium, the rest high.
 * Relative to the rate: an absolute scale would call everything high at a small rate, and nothing at a large one.
 */
export function severityOf(pValue: number, level: number): Severity {
  const bits = Math.log2(level / pValue)
  if (bits < 1) return 'low'
  return bits < 3 ? 'medium' : 'high'
}
