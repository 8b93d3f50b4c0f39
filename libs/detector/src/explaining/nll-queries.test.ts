import type { Fields } from '@outflow/records/fields'
import { expect, it, vi } from 'vitest'
import type { Nll } from '../scoring/model-scorer.js'
import { type NllQueries, runNllQueries } from './nll-queries.js'

const at = (value: number): Fields => ({ numbers: [value], categories: [] })

/** Requests two NLLs in each round, and returns all of them. */
function* queries(start: number, rounds: number): NllQueries<number[]> {
  const answers: number[] = []
  for (let round = 0; round < rounds; round++) answers.push(...(yield [at(start + round), at(-start - round)]))
  return answers
}

it('scores the requests of a round in one call, and returns to each computation its own NLLs', async () => {
  const nll = vi.fn<Nll>(async (batch) => Float64Array.from(batch, ({ numbers }) => 10 * numbers[0]!))
  expect(await runNllQueries(nll, [queries(1, 3), queries(7, 0), queries(20, 1)])).toEqual([
    [10, -10, 20, -20, 30, -30],
    [],
    [200, -200],
  ])
  expect(nll.mock.calls.map(([batch]) => batch.length)).toEqual([4, 2, 2])
})
