import { seededRandom } from '../random.js'
import type { FitSettings } from './fit-options.js'

/**
 * How many of each batch's worst rows a fit leaves out of its gradient: none at first, then a share.
 *
 * Rows that are learned by heart, and NLLs with a heavy upper tail, call for `trimSuspect`: anomalies would be learned with the rest.
 * Elsewhere the worst rows are rare kinds of what is right, and `trim` is all that goes.
 *
 * @param trainingRows  rows that the fit learns from
 */
export function trimming(trainingRows: number, settings: FitSettings & { readonly maxSteps: number }) {
  const { seed, trim = 0, trimSuspect = trim, maxSteps } = settings
  const luck = seededRandom(seed, 'trimming')
  const tail = tailWatch()
  const isWatched = (step: number) => step >= WATCH_FROM * maxSteps && step < TRIM_FROM * maxSteps
  const shareAt = (step: number) => {
    if (step < TRIM_FROM * maxSteps) return 0
    return trainingRows < BY_HEART_ROWS || tail.isHeavy() ? trimSuspect : trim
  }
  return {
    /** Rounded up by chance, so that a share of less than a row a batch is trimmed in the long run all the same. */
    rowsAt: (step: number, count: number): number => {
      const share = shareAt(step)
      return share > 0 ? Math.floor(share * count + luck.uniform()) : 0
    },
    /** @param nll  [count] of the batch that the step takes */
    see: (step: number, nll: Float32Array): void => {
      if (isWatched(step)) tail.see(nll)
    },
  }
}

/** A copy of the weights [count], 0 for so many rows: those of the highest NLL [count]. */
export function withoutWorst(weights: Float32Array, nll: Float32Array | Float64Array, rows: number): Float32Array {
  const kept = weights.slice()
  if (rows === 0) return kept
  const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
  for (const row of byNll.subarray(0, rows)) kept[row] = 0
  return kept
}

/**
 * Whether NLLs have a heavy upper tail: more than 4 % of the rows lie further above the median than three times what separates
 * it from the 16 % quantile. Of a normal density it is .001, of a squared radius in 6 dimensions .04, in 16 .02.
 */
function tailWatch() {
  let [seen, beyond] = [0, 0]
  return {
    see: (nll: Float32Array): void => {
      const sorted = nll.slice().sort()
      const median = quantile(sorted, 0.5)
      const limit = median + TAIL_DEVIATIONS * (median - quantile(sorted, ONE_DEVIATION_BELOW))
      seen += sorted.length
      beyond += sorted.filter((value) => value > limit).length
    },
    isHeavy: () => beyond > HEAVY_TAIL * seen,
  }
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.floor(share * sorted.length)]!
}

// Shares of the steps.
const WATCH_FROM = 0.15
const TRIM_FROM = 0.2
/** A fit of 2,000 steps meets each of so many rows 250 times: of fewer it learns each by heart. */
export const BY_HEART_ROWS = 2000
const TAIL_DEVIATIONS = 3
/** Of a normal density. */
const ONE_DEVIATION_BELOW = 0.1587
/** Chosen on twelve tables: of the rows right alone, .005 to .037 in those that trimming harms. */
const HEAVY_TAIL = 0.04
