import { seededRandom } from '../random.js'
import type { FitSettings } from './fit-options.js'

/**
 * Number of least likely rows that a batch's gradient leaves out. A flow that starts from a standard normal leaves out none at first,
 * because its first NLLs do not show which rows are unlikely; one that starts from a fitted mixture leaves rows out from its first step.
 */
export function trimming({ spec, seed, trim = 0, maxSteps }: FitSettings & { readonly maxSteps: number }) {
  const random = seededRandom(seed, 'trimming')
  const first = spec.base?.kind === 'mixture' ? 0 : TRIM_FROM * maxSteps
  /** Rounded up at random, so that shares below one row per batch hold on average. */
  return (step: number, count: number): number =>
    trim > 0 && step >= first ? Math.floor(trim * count + random.uniform()) : 0
}

/** Share of the steps. */
const TRIM_FROM = 0.2

/** A copy of the weights [count] with those of the rows of highest NLL set to 0. */
export function withoutWorst(weights: Float32Array, nll: Float32Array | Float64Array, rows: number): Float32Array {
  const kept = weights.slice()
  if (rows === 0) return kept
  const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
  for (const row of byNll.subarray(0, rows)) kept[row] = 0
  return kept
}
