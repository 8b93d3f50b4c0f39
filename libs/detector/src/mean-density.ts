import type { NllOfRows } from './nll-together.js'

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
    return Float64Array.from({ length: count }, (_, row) => nllOfMean(each.map((own) => own[row]!)))
  }
}

/** With what is likeliest taken out of the sum, so that nothing underflows. */
function nllOfMean(nlls: readonly number[]): number {
  const least = Math.min(...nlls)
  return least - Math.log(nlls.reduce((sum, nll) => sum + Math.exp(least - nll), 0) / nlls.length)
}
