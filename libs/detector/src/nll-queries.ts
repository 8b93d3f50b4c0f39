import type { Fields } from '@outflow/records'
import type { Nll } from './model-scorer.js'

/** A computation that asks for the NLLs of records, as often as it needs to, and ends with a result. */
export type NllQueries<Result> = Generator<readonly Fields[], Result, Float64Array>

/**
 * Runs many computations at once: what they ask for in the same round is scored in one call, since a call costs as much as a
 * hundred rows.
 *
 * @returns their results, in their order
 */
export async function runNllQueries<Result>(nll: Nll, computations: readonly NllQueries<Result>[]): Promise<Result[]> {
  const results = new Array<Result>(computations.length)
  let waiting: { readonly index: number; readonly asked: readonly Fields[] }[] = []
  const advance = (index: number, answer: Float64Array): void => {
    // The first value that is handed to a generator is ignored.
    const { done, value } = computations[index]!.next(answer)
    if (done) results[index] = value
    else waiting.push({ index, asked: value })
  }
  for (const index of computations.keys()) advance(index, NOTHING)
  while (waiting.length > 0) {
    const round = waiting
    waiting = []
    const scores = await nll(round.flatMap(({ asked }) => asked))
    let at = 0
    for (const { index, asked } of round) {
      advance(index, scores.subarray(at, at + asked.length))
      at += asked.length
    }
  }
  return results
}

const NOTHING = new Float64Array(0)
