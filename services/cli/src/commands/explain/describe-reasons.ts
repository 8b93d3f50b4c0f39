import type { Counterfactual, Reason } from '@outflow/contracts'
import { oneLine } from '@outflow/terminal'

/** One line a field, the most surprising first; then what would have been normal. */
export function describeReasons(reasons: readonly Reason[], counterfactual: Counterfactual | null): string {
  const lines = reasons.map(({ bits, text }) => `  ${bits.toFixed(1).padStart(7)} bits  ${oneLine(text)}\n`).join('')
  return `${lines || '  no field stands out\n'}${counterfactual === null ? '' : `${' '.repeat(16)}${oneLine(counterfactual.text)}\n`}`
}
