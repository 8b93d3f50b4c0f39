import { meanOf } from '../mean.js'

/** Mean of the lowest 90 % of the NLLs; two or three rows can dominate the mean of all. */
export function lowestNineTenths(nll: ArrayLike<number>): number {
  const lowestFirst = Float64Array.from(nll).sort()
  return meanOf(lowestFirst.subarray(0, Math.ceil(nll.length * VALIDATION_KEPT)))
}

// From an independent implementation's comparison on twelve tables of ADBench, not ours; docs/design/flow.md has the recipe.
const VALIDATION_KEPT = 0.9
