import { featureSchema } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { contextDim } from '../encoder.js'
import { fitEncoder } from '../fit-encoder.js'

const NUMBERS = 60
const CATEGORIES = 6
const INFORMATIVE = 4

it('describes a wide record by the category that its numbers depend on, not by those that a context has no room for', async () => {
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`)
  const features = [
    ...names('n', NUMBERS).map((name) => featureSchema.parse({ path: `$.${name}`, type: 'numeric' })),
    ...names('c', CATEGORIES).map((name) => featureSchema.parse({ path: `$.${name}`, type: 'categorical' })),
  ]
  const read = makeReader(features)
  const records = Array.from({ length: 200 }, (_, row) => {
    const category = (at: number) => (row * (at + 3) + Math.floor(row / (at + 2))) % 4
    const number = (at: number) => 10 * category(INFORMATIVE) + ((row * (at + 7)) % 11) / 11
    return read({
      ...Object.fromEntries(names('n', NUMBERS).map((name, at) => [name, number(at)])),
      ...Object.fromEntries(names('c', CATEGORIES).map((name, at) => [name, `v${category(at)}`])),
    }) as Fields
  })
  const { encoder } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
  const singles = encoder.groupings.filter(({ members }) => members.length === 1)
  expect(singles.map(({ members }) => members)).toEqual([[INFORMATIVE]])
})

it('has room for few pairs if a record has many numbers (four pairs of 60 numbers were 488 columns more)', async () => {
  const features = [
    ...Array.from({ length: NUMBERS }, (_, at) => featureSchema.parse({ path: `$.n${at}`, type: 'numeric' })),
    ...Array.from({ length: 4 }, (_, at) => featureSchema.parse({ path: `$.c${at}`, type: 'categorical' })),
  ]
  const records = Array.from({ length: 625 }, (_, row): Fields => {
    const places = [1, 5, 25, 125].map((step) => Math.floor(row / step) % 5)
    const number = (at: number) => ((places[at % 4]! + places[(at + 1) % 4]!) % 5) * 3 + ((row * (at + 7)) % 11) / 11
    return { numbers: Array.from({ length: NUMBERS }, (_, at) => number(at)), categories: places.map(String) }
  })
  const { encoder } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
  expect(encoder.groupings.map(({ members }) => members.length)).toEqual([1, 2])
  expect(contextDim(encoder)).toBeLessThanOrEqual(256)
})
