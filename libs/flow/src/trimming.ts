import type { FitSettings } from './fit.js'
import { seededRandom } from './random.js'

/**
 * How many of each batch's worst rows a fit leaves out of its gradient: none at first, then `trim` of them, or `trimSuspect` where
 * anomalies would be learned with the rest.
 */
export function trimming(settings: FitSettings & { readonly maxSteps: number }) {
  const { seed, trim = 0, trimSuspect = trim, maxSteps } = settings
  const luck = seededRandom(seed, 'trimming')
  return {
    /** Rounded up by chance, so that a share of less than a row a batch is trimmed in the long run all the same. */
    rowsAt: (step: number, count: number, isSuspect: boolean): number => {
      const share = step < TRIM_FROM * maxSteps ? 0 : isSuspect ? trimSuspect : trim
      return share > 0 ? Math.floor(share * count + luck.uniform()) : 0
    },
  }
}

/** Share of the steps. */
const TRIM_FROM = 0.2

/** A copy of the weights [count], 0 for so many rows: those of the highest NLL [count]. */
export function withoutWorst(weights: Float32Array, nll: Float32Array | Float64Array, rows: number): Float32Array {
  const kept = weights.slice()
  if (rows === 0) return kept
  const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
  for (const row of byNll.subarray(0, rows)) kept[row] = 0
  return kept
}
