import type { Feature } from '@outflow/contracts'
import { expect, test } from 'vitest'
import type { Fields } from './fields.js'
import { missingFeatures } from './missing.js'
import { makeReader } from './reader.js'

const features: Feature[] = [
  { path: '$.note', type: 'text', optional: true },
  { path: '$.delay', type: 'numeric', optional: true },
  { path: '$.origin', name: 'from', type: 'categorical', optional: true },
  { path: '$.date', type: 'cyclic', period: 'day', optional: true },
  { path: '$.late', type: 'boolean', optional: true },
]
const missing = (record: object) => missingFeatures(features, makeReader(features)(record) as Fields)

test('null, empty, NaN and absent values are missing, and a missing text is listed once', () => {
  expect(missing({ note: 'x', delay: 0, origin: 'LAX', date: '2026-01-01', late: false })).toEqual([])
  expect(missing({ note: '', delay: 'NaN', origin: null, late: 'no' })).toEqual(['note', 'delay', 'from', 'date'])
  expect(missing({ note: '---', delay: 1 })).toEqual(['from', 'date', 'late'])
})
