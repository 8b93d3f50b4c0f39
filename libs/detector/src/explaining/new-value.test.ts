import type { Feature } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { beforeAll, expect, test } from 'vitest'
import { findNewValue } from './new-value.js'
import { runNllQueries } from './nll-queries.js'

const features: Feature[] = [
  { path: '$.kind', type: 'categorical', optional: true },
  { path: '$.region', type: 'categorical', optional: true },
  { path: '$.load', type: 'numeric', optional: false },
]
const record = (kind: string | null, region: string, load: number): Fields => ({
  numbers: [load],
  categories: [kind, region],
})
let encoder: Awaited<ReturnType<typeof fitEncoder>>['encoder']
beforeAll(async () => {
  const known = Array.from({ length: 60 }, (_, at) => record(at % 2 ? 'read' : 'write', at % 3 ? 'eu' : 'us', at % 7))
  encoder = (await fitEncoder(features, known, { contamination: 0, seed: 1 })).encoder
})

const newValues = (batch: readonly Fields[]) =>
  runNllQueries(
    nll,
    batch.map((fields) => findNewValue(encoder, fields, 4)),
  )

/** The NLL is the load, plus five nats for a kind other than `write`. */
const nll = async (batch: readonly Fields[]) =>
  Float64Array.from(batch, ({ numbers, categories }) => numbers[0]! + (categories[0] === 'write' ? 0 : 5))

test('returns the one new value of a record that is normal with a known value in its place, even a rare one', async () => {
  const batch = [
    record('purge', 'eu', 3),
    record('purge', 'eu', 9),
    record('read', 'eu', 9),
    record('write', 'mars', 1),
  ]
  expect(await newValues(batch)).toEqual([
    { field: 'kind', value: 'purge' },
    null,
    null,
    { field: 'region', value: 'mars' },
  ])
})

test('returns null for two new values, and for a missing one', async () => {
  expect(await newValues([record('purge', 'mars', 1), record(null, 'eu', 1)])).toEqual([null, null])
  expect(await newValues([])).toEqual([])
})
