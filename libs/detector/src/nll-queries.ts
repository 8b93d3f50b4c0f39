import type { Fields } from '@outflow/records'
import type { Nll } from './model-scorer.js'

/** A computation that requests the NLLs of records, any number of times, and returns a result. */
export type NllQueries<Result> = Generator<readonly Fields[], Result, Float64Array>

/**
 * Runs computations side by side: their requests of one round are scored in one call, because a call costs as much as a hundred
 * rows.
 *
 * @returns their results, in their order
 */
export async function runNllQueries<Result>(nll: Nll, computations: readonly NllQueries<Result>[]): Promise<Result[]> {
  const results = new Array<Result>(computations.length)
  let pending: { readonly index: number; readonly records: readonly Fields[] }[] = []
  const advance = (index: number, answer: Float64Array): void => {
    // A generator ignores the first value that is passed to `next`.
    const { done, value } = computations[index]!.next(answer)
    if (done) results[index] = value
    else pending.push({ index, records: value })
  }
  for (const index of computations.keys()) advance(index, NOTHING)
  while (pending.length > 0) {
    const round = pending
    pending = []
    const all: Fields[] = []
    for (const { records } of round) for (const fields of records) all.push(fields)
    const scores = await nll(all)
    let at = 0
    for (const { index, records } of round) {
      advance(index, scores.subarray(at, at + records.length))
      at += records.length
    }
  }
  return results
}

const NOTHING = new Float64Array(0)
