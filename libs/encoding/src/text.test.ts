import type { Feature } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import { columnsOf, type Fields } from '@outflow/records/fields'
import { describe, expect, it } from 'vitest'
import { decodeRecords } from './decode.js'
import { encodeBatch } from './encode.js'
import { rowDim } from './encoder.js'
import { fitEncoder } from './fit-encoder.js'

const features: Feature[] = [
  { path: '$.miles', type: 'numeric', optional: false },
  { path: '$.note', type: 'text', optional: true },
  { path: '$.kind', type: 'categorical', optional: false },
]

describe('a feature of type text', async () => {
  const read = makeReader(features)
  const records = Array.from({ length: 300 }, (_, k) => ({
    miles: k % 50,
    note: `Gate ${k % 40}, row ${(k * 7) % 30}`,
    kind: k % 2 ? 'in' : 'out',
  }))
  const fields = records.map((record) => read(record) as Fields)
  const { encoder } = await fitEncoder(features, fields, { contamination: 0, seed: 1 })

  it('is encoded as derived numbers and a shape, in the place of the feature', () => {
    const numbers = [
      'miles',
      'note length',
      'note digits',
      'note capitals',
      'note punctuation',
      'note blanks',
      'note distinct',
    ]
    expect(columnsOf(features).map(({ name }) => name)).toEqual([...numbers, 'note shape', 'kind'])
    expect(encoder.numbers.map(({ name }) => name)).toEqual(numbers)
    expect(read(records[11])).toMatchObject({
      numbers: [11, 15, 4 / 15, 1 / 15, 1 / 15, 3 / 15, 11 / 15],
      categories: ['Aa 9, a 9', 'in'],
    })
  })

  it('is missing as a whole: its numbers are 0 in the row, and the likelihood is finite', () => {
    const [whole, absent] = [records[0], { ...records[0], note: null }].map((record) => read(record) as Fields)
    expect(absent!.numbers.slice(1).every(Number.isNaN)).toBe(true)
    const { rows, addedNll } = encodeBatch(encoder, [whole!, absent!])
    expect([...rows.slice(rowDim(encoder) + 1)]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...addedNll].every(Number.isFinite)).toBe(true)
  })

  it('rejects an object in place of a text, and decodes to null', () => {
    expect(read({ ...records[0], note: { text: 'Gate' } })).toMatchObject({ reason: 'wrong_type' })
    const { ids, rows } = encodeBatch(encoder, fields.slice(0, 3))
    expect(decodeRecords(encoder, ids, rows, 3)).toEqual(
      records.slice(0, 3).map((record) => ({ ...record, note: null })),
    )
  })
})
