import type { Fields } from '@outflow/records/fields'
import type { Nll } from '../scoring/model-scorer.js'

/** A computation that requests the NLLs of records, any number of times, and returns a result. */
export type NllQueries<Result> = Generator<readonly Fields[], Result, Float64Array>

type Lists = readonly (readonly Fields[])[]

/** Requests the NLLs of several lists of records at once, and returns those of each list. */
export function* queryLists(lists: Lists): NllQueries<Float64Array[]> {
  return parted(yield lists.flat(), lists)
}

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
    const lists = round.map(({ records }) => records)
    const answers = parted(await nll(lists.flat()), lists)
    round.forEach(({ index }, at) => {
      advance(index, answers[at]!)
    })
  }
  return results
}

const NOTHING = new Float64Array(0)

/** The NLLs of each list, from those of all of their records. */
function parted(nll: Float64Array, lists: Lists): Float64Array[] {
  let at = 0
  return lists.map(({ length }) => {
    at += length
    return nll.subarray(at - length, at)
  })
}
