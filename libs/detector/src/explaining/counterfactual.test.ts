import type { Feature } from '@outflow/contracts'
import { fitEncoder, withNumber } from '@outflow/encoding'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import type { Nll } from '../scoring/model-scorer.js'
import { type Candidate, findCounterfactual } from './counterfactual.js'
import { runNllQueries } from './nll-queries.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.length', type: 'numeric', optional: false },
]
const read = makeReader(features)
const records = Array.from(
  { length: 400 },
  (_, at) => read({ load: (at * 37) % 100, length: 900 + (at % 9) }) as Fields,
)
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })
const ORDINARY_NLL = 20
const isUsual = ({ numbers: [load, length] }: Fields) => load! >= 0 && load! < 100 && length! >= 900 && length! < 909

const swapped = read({ load: 904, length: 50 }) as Fields
/** Normal only if both numbers are usual. With a wrong length, an extreme load is likelier than the usual one. */
async function misleadingNll(batch: readonly Fields[]): Promise<Float64Array> {
  return Float64Array.from(batch, (fields) => (isUsual(fields) ? 5 : 100 - fields.numbers[0]! / 1000))
}
const farther = withNumber(encoder, swapped, 0, 950)
const best = [{ fields: farther, nll: 99 }]

async function find(nll: Nll, tried: readonly Candidate[]) {
  const changes = { best: tried, numbers: [0, 1] }
  const [found] = await runNllQueries(nll, [findCounterfactual(encoder, swapped, changes, ORDINARY_NLL)])
  return found!
}

it('finds two swapped numbers, although neither change alone makes the record likelier', async () => {
  const counterfactual = await find(misleadingNll, best)
  expect(counterfactual!.changes.map(({ field, from }) => [field, from])).toEqual([
    ['load', 904],
    ['length', 50],
  ])
  expect(isUsual({ ...swapped, numbers: counterfactual!.changes.map(({ to }) => Number(to)) })).toBe(true)
})

it('returns one change if one is enough', async () => {
  const one = { fields: withNumber(encoder, swapped, 1, 904), nll: 7 }
  const counterfactual = await find(misleadingNll, [one])
  expect(counterfactual).toEqual({
    changes: [{ field: 'length', from: 50, to: 904 }],
    nll: 7,
    text: 'normal with length 904 instead of 50',
  })
})

it('returns null if the record itself is the likeliest', async () => {
  expect(await find(misleadingNll, [{ fields: swapped, nll: 7 }])).toBeNull()
})

it('returns null if no candidate is normal', async () => {
  const never = async (batch: readonly Fields[]) => new Float64Array(batch.length).fill(60)
  expect(await find(never, best)).toBeNull()
})
