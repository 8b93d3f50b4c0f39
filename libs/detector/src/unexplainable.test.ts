import type { Feature } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { unexplainable } from './unexplainable.js'

const number: Feature = { path: '$.x', type: 'numeric', optional: false }
const count: Feature = { type: 'window', name: 'hourly', aggregate: 'count', over: '1h' }

it.each<[string, readonly Feature[] | null, string | null]>([
  ['can be computed from the record', [number], null],
  ['cannot without the values of windowed features', [number, count], 'the values of windowed features are not stored'],
  ['cannot without the model', null, 'model m1, which scored the record, is not stored any more'],
])('issue 17.9: the reasons of a stored anomaly %s', (_, features, why) => {
  expect(unexplainable('m1', features && { features: [...features] })).toBe(why)
})
