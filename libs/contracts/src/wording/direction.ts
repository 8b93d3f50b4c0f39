import type { Reason } from '../events/reason.js'

/** Whether a reason's observed number is above or below the expected one; null: not a number, or equal. */
export function directionOf({ observed, expected }: Pick<Reason, 'observed' | 'expected'>): 'above' | 'below' | null {
  if (typeof observed !== 'number' || typeof expected !== 'number' || observed === expected) return null
  return observed > expected ? 'above' : 'below'
}
