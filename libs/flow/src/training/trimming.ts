import { seededRandom } from '../random.js'
import type { FitSettings } from './fit-options.js'

/**
 * Number of least likely rows that a batch's gradient leaves out. A flow that starts from a standard normal leaves out none at first,
 * because its first NLLs do not show which rows are unlikely; one that starts from a fitted mixture leaves rows out from its first step.
 */
export function trimming({ spec, seed, trim, maxSteps }: FitSettings) {
  const random = seededRandom(seed, 'trimming')
  const firstStep = spec.base === undefined ? TRIM_FROM * maxSteps : 0
  /** Rounded up at random, so that shares below one row per batch hold on average. */
  return (step: number, count: number): number =>
    trim > 0 && step >= firstStep ? Math.floor(trim * count + random.uniform()) : 0
}

/** Share of the steps. */
const TRIM_FROM = 0.2

/** The share of each row in a batch's mean, [count]: equal ones, and 0 for the `trimmed` rows of highest NLL. */
export function sharesWithoutWorst(nll: Float32Array, trimmed: number): Float32Array {
  const shares = new Float32Array(nll.length).fill(1 / (nll.length - trimmed))
  if (trimmed === 0) return shares
  const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
  for (const row of byNll.subarray(0, trimmed)) shares[row] = 0
  return shares
}
