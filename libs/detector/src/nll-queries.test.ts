import type { Fields } from '@outflow/records'
import { expect, it, vi } from 'vitest'
import type { Nll } from './model-scorer.js'
import { type NllQueries, runNllQueries } from './nll-queries.js'

const at = (value: number): Fields => ({ numbers: [value], categories: [] })

/** Asks for so many rounds, each of two values, and ends with all the answers. */
function* queries(start: number, rounds: number): NllQueries<number[]> {
  const answers: number[] = []
  for (let round = 0; round < rounds; round++) answers.push(...(yield [at(start + round), at(-start - round)]))
  return answers
}

it('scores what many ask in one round in one call, and gives each its own answers', async () => {
  const nll = vi.fn<Nll>(async (batch) => Float64Array.from(batch, ({ numbers }) => 10 * numbers[0]!))
  expect(await runNllQueries(nll, [queries(1, 3), queries(7, 0), queries(20, 1)])).toEqual([
    [10, -10, 20, -20, 30, -30],
    [],
    [200, -200],
  ])
  expect(nll.mock.calls.map(([batch]) => batch.length)).toEqual([4, 2, 2])
})
