import { seededRandom } from '../random.js'
import type { FitSettings } from './fit-options.js'

/**
 * Number of least likely rows that each batch's gradient leaves out. A flow that starts from a standard normal leaves out none at
 * first, because its first NLLs do not show which rows are unlikely; one that starts from a fitted mixture does from its first step.
 *
 * `trimHeavyTail` applies to NLLs with a heavy upper tail, where a flow would fit the anomalies too. Elsewhere the least likely rows are
 * mostly rare normal ones, and `trim` applies.
 */
export function trimming(settings: FitSettings & { readonly maxSteps: number }) {
  const { spec, seed, trim = 0, trimHeavyTail = trim, maxSteps } = settings
  const random = seededRandom(seed, 'trimming')
  const tail = tailDetector()
  const first = spec.base?.kind === 'mixture' ? 0 : TRIM_FROM * maxSteps
  const isObserved = (step: number) => step >= OBSERVE_FROM * maxSteps && step < first
  const shareAt = (step: number) => {
    if (step < first) return 0
    return tail.isHeavy() ? trimHeavyTail : trim
  }
  return {
    /** Rounded up at random, so that shares below one row per batch hold on average. */
    rowsAt: (step: number, count: number): number => {
      const share = shareAt(step)
      return share > 0 ? Math.floor(share * count + random.uniform()) : 0
    },
    /** @param nll  [count], of the step's batch */
    observe: (step: number, nll: Float32Array): void => {
      if (isObserved(step)) tail.observe(nll)
    },
  }
}

/** A copy of the weights [count] with those of the rows of highest NLL set to 0. */
export function withoutWorst(weights: Float32Array, nll: Float32Array | Float64Array, rows: number): Float32Array {
  const kept = weights.slice()
  if (rows === 0) return kept
  const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
  for (const row of byNll.subarray(0, rows)) kept[row] = 0
  return kept
}

/**
 * Whether NLLs have a heavy upper tail: more than 4 % of the rows exceed the median by three times its distance to the 16 %
 * quantile. The share is 0.1 % for a normal density, 4 % for a squared radius in 6 dimensions and 2 % in 16.
 */
function tailDetector() {
  let [seen, beyond] = [0, 0]
  return {
    observe: (nll: Float32Array): void => {
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

// As shares of the steps.
const OBSERVE_FROM = 0.15
const TRIM_FROM = 0.2
const TAIL_DEVIATIONS = 3
/** Of a normal density. */
const ONE_DEVIATION_BELOW = 0.1587
/** Chosen on twelve tables: tables that trimming harms have shares of .005 to .037. */
const HEAVY_TAIL = 0.04
