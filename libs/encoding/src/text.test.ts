import type { Feature } from '@outflow/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf } from './columns.js'
import { decodeRecords } from './decode.js'
import { encodeBatch } from './encode.js'
import { rowDim } from './encoder.js'
import type { Fields } from './fields.js'
import { fitEncoder } from './fit-encoder.js'
import { makeReader } from './reader.js'
import { measureText } from './text.js'

const features: Feature[] = [
  { path: '$.miles', type: 'numeric', optional: false },
  { path: '$.note', type: 'text', optional: true },
  { path: '$.kind', type: 'categorical', optional: false },
]

describe('a text', () => {
  it('is measured by its length and by shares of its characters', () => {
    const { numbers, shape } = measureText('Gate 12-B, NOW')
    expect(shape).toBe('Aa 9-A, A')
    expect(numbers.map((number) => Number(number.toFixed(3)))).toEqual([14, 0.143, 0.357, 0.143, 0.143, 0.929])
  })

  it('has a shape of a dozen symbols at most, whatever its script', () => {
    expect(measureText('ab12'.repeat(50)).shape).toBe('a9a9a9a9a9a9…')
    expect(measureText('Čeština é').shape).toBe('Aa a')
    expect(measureText('----').shape).toBe('----')
  })

  it('is looked at for 4,096 characters, and counted to its end', () => {
    const { numbers } = measureText(`${'a'.repeat(4_096)}${'1'.repeat(9_000)}`)
    expect(numbers).toEqual([13_096, 0, 0, 0, 0, 1 / 4_096])
  })

  it('gives finite shares for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (text) => {
        const [length, ...shares] = measureText(text).numbers
        expect(length).toBe(text.length)
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
      }),
    )
  })
})

describe('a feature of type text', () => {
  const read = makeReader(features)
  const records = Array.from({ length: 300 }, (_, k) => ({
    miles: k % 50,
    note: `Gate ${k % 40}, row ${(k * 7) % 30}`,
    kind: k % 2 ? 'in' : 'out',
  }))
  const fields = records.map((record) => read(record) as Fields)
  const { encoder } = fitEncoder(features, fields, { contamination: 0, seed: 1 })

  it('stands in the row as what is derived of it, in the place of the feature', () => {
    expect(columnsOf(features).map(({ name }) => name)).toEqual([
      'miles',
      'note length',
      'note digits',
      'note capitals',
      'note punctuation',
      'note blanks',
      'note distinct',
      'note shape',
      'kind',
    ])
    expect(encoder.numbers.map(({ name }) => name)).toEqual([
      'miles',
      'note length',
      'note digits',
      'note capitals',
      'note punctuation',
      'note blanks',
      'note distinct',
    ])
    expect(read(records[11])).toMatchObject({
      numbers: [11, 15, 4 / 15, 1 / 15, 1 / 15, 3 / 15, 11 / 15],
      categories: ['Aa 9, a 9', 'in'],
    })
  })

  it('is missing as a whole, and costs nothing but the probability of that', () => {
    const [whole, absent] = [records[0], { ...records[0], note: null }].map((record) => read(record) as Fields)
    expect(absent!.numbers.slice(1).every(Number.isNaN)).toBe(true)
    const { rows, addedNll } = encodeBatch(encoder, [whole!, absent!])
    expect([...rows.slice(rowDim(encoder) + 1)]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...addedNll].every(Number.isFinite)).toBe(true)
  })

  it('takes no object for a text, and is null in a sample', () => {
    expect(read({ ...records[0], note: { text: 'Gate' } })).toMatchObject({ reason: 'wrong_type' })
    const { ids, rows, count } = encodeBatch(encoder, fields.slice(0, 3))
    expect(decodeRecords(encoder, ids, rows, count)).toEqual(
      records.slice(0, 3).map((record) => ({ ...record, note: null })),
    )
  })
})
