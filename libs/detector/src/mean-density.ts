import type { NllOfRows } from './nll-batching.js'

/**
 * The NLL of rows by the mean of densities, −log Σ exp(−nll) / k: a density as each of them is.
 *
 * @param nlls  at least one
 */
export function meanDensity(nlls: readonly NllOfRows[]): NllOfRows {
  if (nlls.length === 1) return nlls[0]!
  return async (rows, context, count) => {
    // One after another: scoring takes one core, and leaves the others to its neighbours.
    const each: Float64Array[] = []
    for (const nll of nlls) each.push(await nll(rows, context, count))
    const mean = new Float64Array(count)
    for (let row = 0; row < count; row++) mean[row] = nllOfMean(each, row)
    return mean
  }
}

/** With what is likeliest taken out of the sum, so that nothing underflows. */
function nllOfMean(each: readonly Float64Array[], row: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const nll of each) least = Math.min(least, nll[row]!)
  let sum = 0
  for (const nll of each) sum += Math.exp(least - nll[row]!)
  return least - Math.log(sum / each.length)
}
