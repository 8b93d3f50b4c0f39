import type { Feature } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import type { Fields } from '@outflow/records'
import { beforeAll, expect, test } from 'vitest'
import { findNewValues } from './new-value.js'

const features: Feature[] = [
  { path: '$.kind', type: 'categorical', optional: true },
  { path: '$.region', type: 'categorical', optional: true },
  { path: '$.load', type: 'numeric', optional: false },
]
const record = (kind: string | null, region: string, load: number): Fields => ({
  numbers: [load],
  categories: [kind, region],
})
let encoder: ReturnType<typeof fitEncoder>['encoder']
beforeAll(() => {
  const known = Array.from({ length: 60 }, (_, at) => record(at % 2 ? 'read' : 'write', at % 3 ? 'eu' : 'us', at % 7))
  encoder = fitEncoder(features, known, { contamination: 0, seed: 1 }).encoder
})

/** A load is its NLL, a kind other than `write` adds five nats. */
const nll = async (batch: readonly Fields[]) =>
  Float64Array.from(batch, ({ numbers, categories }) => numbers[0]! + (categories[0] === 'write' ? 0 : 5))

test('a record is news where one value is new and a known one in its place, be it the rarer, makes it ordinary', async () => {
  const batch = [
    record('purge', 'eu', 3),
    record('purge', 'eu', 9),
    record('read', 'eu', 9),
    record('write', 'mars', 1),
  ]
  expect(await findNewValues(encoder, nll, batch, 4)).toEqual([
    { field: 'kind', value: 'purge' },
    null,
    null,
    { field: 'region', value: 'mars' },
  ])
})

test('two new values, and a missing one, are none', async () => {
  expect(await findNewValues(encoder, nll, [record('purge', 'mars', 1), record(null, 'eu', 1)], 4)).toEqual([
    null,
    null,
  ])
  expect(await findNewValues(encoder, nll, [], 4)).toEqual([])
})
