import type { FdrState } from '@outflow/contracts'

/** State of online false-discovery control before the first p-value. */
export function beginFdr(fdr: number): FdrState {
  return { fdr, tested: 0, first: null, later: [] }
}

/**
 * LORD++: tests p-values in their order, each at a level that earlier discoveries raise.
 *
 *     level(t) = γ(t)·w + (α − w)·γ(t − τ₁) + α·Σ over later discoveries of γ(t − τⱼ)        w = α / 2
 *     γ(j) ∝ log(max(j, 2)) / (j·exp(√log j)), summing to 1
 *
 * Σ level ≤ α·max(1, discoveries) at every time, so that FDR ≤ α at every time for independent p-values, and mFDR ≤ α for
 * p-values that are conditionally valid. Only the last 1,000 discoveries are kept: a level is then lower than the paper's, and
 * still monotone in the discoveries, as its theorem requires.
 *
 * @param pValues  [count], in the order of the stream
 * @returns places of the discoveries, ascending, and levels that they were compared with, [discoveries] each; the state afterwards
 * @see Ramdas, Yang, Wainwright & Jordan 2017, NeurIPS, arXiv:1710.00499, § 3 and theorem 2; γ of Javanmard & Montanari 2018
 */
export function discover(before: FdrState, pValues: ArrayLike<number>) {
  const { fdr } = before
  const places: number[] = []
  const levels: number[] = []
  let { first, later } = before
  // Between discoveries the level only decreases: a p-value above the last computed level is no discovery.
  let atMost = fdr
  for (let place = 0; place < pValues.length; place++) {
    if (pValues[place]! > atMost) continue
    const t = before.tested + place + 1
    const level = levelAt(t, fdr, first, later)
    atMost = level
    if (pValues[place]! > level) continue
    places.push(place)
    levels.push(level)
    if (first === null) first = t
    else later = [...later.slice(1 - MOST_KEPT), t]
    atMost = fdr
  }
  const state: FdrState = { fdr, tested: before.tested + pValues.length, first, later }
  return { places, levels, state }
}

/** Number of p-values at the start of a stream without discoveries whose level is at least `pValue`. */
export function discoverableRecords(fdr: number, pValue: number): number {
  let records = 0
  while (levelAt(records + 1, fdr, null, []) >= pValue) records++
  return records
}

const MOST_KEPT = 1_000

function levelAt(t: number, fdr: number, first: number | null, later: readonly number[]): number {
  const start = fdr / 2
  const ofFirst = first === null ? 0 : (fdr - start) * gamma(t - first)
  return later.reduce((sum, at) => sum + fdr * gamma(t - at), start * gamma(t) + ofFirst)
}

/** 1 / 12.645, the inverse of the sum of the series, rounded down so that γ sums to at most 1. */
const SCALE = 0.079
const TABLED = 100_000
// Filled by the first use: most pipelines have a rate instead of false-discovery control.
let table: Float64Array | undefined

function gamma(j: number): number {
  if (j >= TABLED) return exactGamma(j)
  table ??= Float64Array.from({ length: TABLED }, (_, at) => (at === 0 ? 0 : exactGamma(at)))
  return table[j]!
}

function exactGamma(j: number): number {
  return (SCALE * Math.log(Math.max(j, 2))) / (j * Math.exp(Math.sqrt(Math.log(j))))
}
