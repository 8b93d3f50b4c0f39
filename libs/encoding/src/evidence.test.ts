import { featureSchema } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { encodeBatch } from './encode.js'
import { categoryEvidence } from './evidence.js'
import { fitEncoder } from './fit-encoder.js'

it('equal values that training left out as contamination are not counted as never seen (they were)', async () => {
  const features = ['member', 'guest'].map((name) => featureSchema.parse({ path: `$.${name}`, type: 'boolean' }))
  const record = (member: boolean, guest: boolean): Fields => ({
    numbers: [],
    categories: [String(member), String(guest)],
  })
  const unequal = Array.from({ length: 500 }, (_, row) => record(row % 2 === 0, row % 2 === 1))
  const equal = record(true, true)
  const { encoder } = await fitEncoder(features, [...unequal, equal, equal], { contamination: 0.01, seed: 1 })
  const { ids } = encodeBatch(encoder, [equal])
  expect(categoryEvidence(encoder, ids, 1)).toEqual({
    kind: 'pair',
    name: 'member',
    value: 'true',
    seen: null,
    of: 252,
  })
})

it('equal values that training counted have an exact count of 0 (it was unknown)', async () => {
  const features = ['origin', 'destination'].map((name) =>
    featureSchema.parse({ path: `$.${name}`, type: 'categorical' }),
  )
  const record = (origin: string, destination: string): Fields => ({ numbers: [], categories: [origin, destination] })
  const records = Array.from({ length: 400 }, (_, row) =>
    record('JFK LAX SFO'.split(' ')[row % 3]!, row % 3 === 0 ? 'SFO' : row % 2 === 0 ? 'LAX' : 'JFK'),
  )
  const { encoder } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
  const { ids } = encodeBatch(encoder, [record('SFO', 'SFO')])
  expect(categoryEvidence(encoder, ids, 1)).toMatchObject({ kind: 'pair', name: 'origin', seen: 0 })
})
