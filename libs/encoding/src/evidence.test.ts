import { featureSchema } from '@outflow/contracts'
import type { Fields } from '@outflow/records'
import { expect, it } from 'vitest'
import { encodeBatch } from './encode.js'
import { categoryEvidence } from './evidence.js'
import { fitEncoder } from './fit-encoder.js'

it('equal values that training left out as contamination are not counted as never seen (they were)', () => {
  const features = ['member', 'guest'].map((name) => featureSchema.parse({ path: `$.${name}`, type: 'boolean' }))
  const record = (member: boolean, guest: boolean): Fields => ({
    numbers: [],
    categories: [String(member), String(guest)],
  })
  const unequal = Array.from({ length: 500 }, (_, row) => record(row % 2 === 0, row % 2 === 1))
  const equal = record(true, true)
  const { encoder } = fitEncoder(features, [...unequal, equal, equal], { contamination: 0.01, seed: 1 })
  const { ids } = encodeBatch(encoder, [equal])
  expect(categoryEvidence(encoder, ids, 1)).toEqual({
    kind: 'pair',
    name: 'member',
    value: 'true',
    seen: null,
    of: 252,
  })
})
