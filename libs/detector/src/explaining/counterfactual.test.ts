import type { Feature } from '@outflow/contracts'
import { fitEncoder, withNumber } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { readerOf } from '../test-draws.js'
import { type Candidate, findCounterfactual } from './counterfactual.js'
import { answered } from './test-queries.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.length', type: 'numeric', optional: false },
]
const read = readerOf(features)
const records = Array.from({ length: 400 }, (_, at) => read({ load: (at * 37) % 100, length: 900 + (at % 9) }))
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })
const ORDINARY_NLL = 20
const isUsual = ({ numbers: [load, length] }: Fields) => load! >= 0 && load! < 100 && length! >= 900 && length! < 909

const swapped = read({ load: 904, length: 50 })
/** Normal only if both numbers are usual. With a wrong length, an extreme load is likelier than the usual one. */
const misleadingNll = (fields: Fields) => (isUsual(fields) ? 5 : 100 - fields.numbers[0]! / 1000)
const farther = withNumber(encoder, swapped, 0, 950)
const first = { fields: farther, nll: 99 }

const find = (nllOf: (fields: Fields) => number, first: Candidate) =>
  answered(findCounterfactual(encoder, swapped, { first, numbers: [0, 1] }, ORDINARY_NLL), nllOf)

it('finds two swapped numbers, although neither change alone makes the record likelier', async () => {
  const counterfactual = await find(misleadingNll, first)
  expect(counterfactual!.changes.map(({ field, from }) => [field, from])).toEqual([
    ['load', 904],
    ['length', 50],
  ])
  expect(isUsual({ ...swapped, numbers: counterfactual!.changes.map(({ to }) => Number(to)) })).toBe(true)
})

it('returns one change if one is enough', async () => {
  const one = { fields: withNumber(encoder, swapped, 1, 904), nll: 7 }
  const counterfactual = await find(misleadingNll, one)
  expect(counterfactual).toEqual({
    changes: [{ field: 'length', from: 50, to: 904 }],
    nll: 7,
    text: 'normal with length 904 instead of 50',
  })
})

it('returns null if the record itself is the likeliest', async () => {
  expect(await find(misleadingNll, { fields: swapped, nll: 7 })).toBeNull()
})

it('returns null if no candidate is normal', async () => {
  expect(await find(() => 60, first)).toBeNull()
})
