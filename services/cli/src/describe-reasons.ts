import type { Reason } from '@outflow/contracts'

/** One line a field, the most surprising first. */
export function describeReasons(reasons: readonly Reason[]): string {
  if (reasons.length === 0) return '  no field stands out\n'
  return reasons.map(({ bits, text }) => `  ${bits.toFixed(1).padStart(7)} bits  ${text}\n`).join('')
}
