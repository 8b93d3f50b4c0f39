import type { Severity } from '@outflow/contracts'

/**
 * Severity of an anomaly, by its bits of surprise beyond the level that it was compared with: `log₂(level / p)`. The level is the
 * alert rate, or that of online false-discovery control.
 *
 * Below 1 bit (up to twice as rare as the level) is low, below 3 bits (up to eight times) medium, the rest high. The scale is
 * relative to the rate: on an absolute scale every anomaly would be high at a small rate, and none at a large one.
 */
export function severityOf(pValue: number, level: number): Severity {
  const bits = Math.log2(level / pValue)
  if (bits < 1) return 'low'
  return bits < 3 ? 'medium' : 'high'
}
