import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, it } from 'vitest'
import { sampleCategories } from './categories/sample-categories.js'
import { decodeRecords } from './decode.js'
import { encodeBatch, unitNll } from './encode.js'
import { fitEncoder } from './fit-encoder.js'

const RECORDS = 2_000
const random = xoroshiro128plus(3)
const uniform = () => uniformFloat64(random)
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())

/** Mean NLL of records without the number, one of `every`, minus that of the others, nats; a standard normal replaces the flow. */
async function difference(feature: Feature, draw: () => number, every = 2): Promise<number> {
  const records: Fields[] = Array.from({ length: RECORDS }, (_, k) => ({
    numbers: [k % every === 0 ? Number.NaN : draw()],
    categories: ['only'],
  }))
  const { encoder } = await fitEncoder([feature, KIND], records, { contamination: 0, seed: 1 })
  const { rows, addedNll } = encodeBatch(encoder, records)
  const nll = addedNll.map((nats, k) => nats + rows[k]! ** 2 / 2 + 0.5 * Math.log(2 * Math.PI))
  const meanOf = (isMissing: boolean) => {
    const own = nll.filter((_, k) => (k % every === 0) === isMissing)
    return own.reduce((sum, nats) => sum + nats, 0) / own.length
  }
  return meanOf(true) - meanOf(false)
}

/** With a category, a value that 95 % of the records share is the usual one. */
const KIND: Feature = { path: '$.kind', type: 'categorical', optional: false }
const ENTROPY = 0.5 * Math.log(2 * Math.PI * Math.E)

it.each([0.001, 1, 100_000])('a missing number has the density of one deviation in units of %s', async (unit) => {
  const number: Feature = { path: '$.paid', type: 'numeric', optional: true }
  expect(await difference(number, () => unit * normal())).toBeCloseTo(-ENTROPY, 1)
  expect(await difference({ ...number, scale: 'log' }, () => unit * Math.exp(2 * normal()))).toBeCloseTo(-ENTROPY, 1)
  // One value in fifty is not the usual one.
  const count = 50 * 20
  const mostlyZero = Array.from({ length: count }, (_, k) => (k % 50 === 0 ? unit * (3 + normal()) : 0))
  let at = 0
  expect(Math.abs(await difference(number, () => mostlyZero[at++ % count]!))).toBeLessThan(0.2)
})

it('a missing number that a category determines has the density of one deviation within the category', async () => {
  const number: Feature = { path: '$.paid', type: 'numeric', optional: true }
  const records: Fields[] = Array.from({ length: RECORDS }, (_, k) => ({
    numbers: [k % 20 === 0 ? Number.NaN : 1_000 * (k % 9) + 20 * normal()],
    categories: [`kind ${k % 9}`],
  }))
  const { encoder } = await fitEncoder([number, KIND], records, { contamination: 0, seed: 1 })
  const deviation = Math.exp(unitNll(encoder)({ numbers: [Number.NaN], categories: ['kind 1'] }))
  expect(deviation).toBeGreaterThan(10)
  expect(deviation).toBeLessThan(40)
})

it('a missing number has a finite density where the others differ by the smallest float64 (its NLL was −∞)', async () => {
  const number: Feature = { path: '$.paid', type: 'numeric', optional: true }
  const records: Fields[] = Array.from({ length: 300 }, (_, k) => ({
    numbers: [Number.MIN_VALUE * (k % 3)],
    categories: [`kind ${k % 3}`],
  }))
  const { encoder } = await fitEncoder([number, KIND], records, { contamination: 0, seed: 1 })
  const { addedNll } = encodeBatch(encoder, [{ numbers: [Number.NaN], categories: ['kind 1'] }])
  expect(Number.isFinite(addedNll[0]!)).toBe(true)
})

it('a window over a partition that was not seen whole is no rare event: it depends on where reading began', async () => {
  const window = { type: 'window', name: 'spread', aggregate: 'std', of: '$.paid', over: '1h' } as const
  expect(await difference({ ...window, by: 'partition' }, normal, 100)).toBeCloseTo(-ENTROPY, 1)
  expect(await difference({ ...window, by: '$.payer' }, normal, 100)).toBeGreaterThan(3)
})

it('a sampled record has no value of a windowed feature whose window was never seen whole (it had 0)', async () => {
  const features: Feature[] = [
    { path: '$.x', type: 'numeric', optional: false },
    { name: 'an hour', type: 'window', aggregate: 'count', over: '1h', by: 'partition' },
  ]
  const records: Fields[] = Array.from({ length: 100 }, () => ({ numbers: [normal(), Number.NaN], categories: [] }))
  const { encoder } = await fitEncoder(features, records, { contamination: 0, seed: 1 })
  const ids = sampleCategories(encoder.tree, 1, 1)
  const [sampled] = decodeRecords(encoder, ids, new Float32Array(2), 1)
  expect(sampled).toEqual({ x: expect.any(Number), 'an hour': null })
})
