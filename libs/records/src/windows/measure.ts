import { LARGEST_NUMBER } from '../fields/reader.js'
import type { WindowFeature } from './plan.js'
import type { Before } from './series-state.js'

/**
 * Returns a windowed feature of a record; NaN is missing.
 *
 * Count, sum and distinct include the record. The others measure the entity's records before it and may be missing: mean, min,
 * max and ratio_to_mean without a number before it, std with fewer than two (it is the sample's, over n − 1), ratio_to_mean also
 * with a mean of 0 or for a missing number, since_last without a record before it.
 *
 * @param value  of the record; NaN is missing
 */
export function measure(aggregate: WindowFeature['aggregate'], before: Before, value: number): number {
  const { count, mean } = before
  switch (aggregate) {
    case 'count':
      return count + 1
    case 'distinct':
      return count
    case 'sum':
      return bounded(count * mean + (Number.isNaN(value) ? 0 : value))
    case 'since_last':
      return before.sinceLast / 1_000
    case 'std':
      return count < 2 ? Number.NaN : bounded(Math.sqrt(before.squares / (count - 1)))
    case 'ratio_to_mean':
      return count === 0 || mean === 0 ? Number.NaN : bounded(value / mean)
    default:
      return count === 0 ? Number.NaN : bounded(before[aggregate])
  }
}

function bounded(value: number): number {
  return Math.max(-LARGEST_NUMBER, Math.min(LARGEST_NUMBER, value))
}
