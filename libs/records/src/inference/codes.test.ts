import { describe, expect, it } from 'vitest'
import { codesAmong } from './codes.js'
import { infer } from './test-builders.js'

const ROWS = 2_000

/** A whole number below `limit` that looks random and depends on `at` and `salt` alone. */
const mixed = (at: number, limit: number, salt = 0): number =>
  (Math.imul(Math.imul(at + 1, 2_654_435_761) ^ (salt * 97 + 13), 2_246_822_507) >>> 8) % limit

const column = (valueAt: (row: number) => number): Float64Array =>
  Float64Array.from({ length: ROWS }, (_, at) => valueAt(at))

const shops = column((at) => 100 + mixed(at, 60))
const noise = column((at) => mixed(at, 1_000, 1) / 1_000)
/** A level of each shop, with noise. */
const sales = column((at) => mixed(shops[at]!, 50, 2) + noise[at]!)

describe('codes among numbers', () => {
  it('finds the number of a shop by its sales', () => {
    expect(codesAmong([sales, shops, noise])).toEqual([1])
  })

  it('finds it where a fifth of the numbers is missing', () => {
    const some = shops.map((shop, at) => (at % 5 === 2 ? Number.NaN : shop))
    expect(codesAmong([some, sales])).toEqual([0])
  })

  it('finds no code where nothing depends on the numbers', () => {
    expect(codesAmong([shops, noise, column((at) => mixed(at, 90, 3))])).toEqual([])
  })

  it('finds no code in quantities: what depends on them does so by their order', () => {
    const hourOfWeek = column((at) => mixed(at, 168))
    const load = hourOfWeek.map((hour, at) => Math.sin((hour / 12) * Math.PI) + noise[at]!)
    // Most counts are 0, and the others are rare.
    const errors = column((at) => Math.max(0, mixed(at, 40, 4) - 25))
    const retries = errors.map((count, at) => 3 * count + noise[at]!)
    expect(codesAmong([hourOfWeek, load])).toEqual([])
    expect(codesAmong([errors, retries])).toEqual([])
  })

  it('finds no code in a number that another column determines by its order, even if it also determines an unordered one', () => {
    const ascending = shops.map((shop) => shop * 3)
    expect(codesAmong([shops, sales, ascending])).toEqual([])
  })

  it('finds no code in fractions, in fewer than ten values, and where new values are frequent', () => {
    const fractions = shops.map((shop) => shop / 7)
    const few = column((at) => mixed(at, 9))
    const ofFew = few.map((value, at) => mixed(value, 50, 5) + noise[at]!)
    const growing = shops.map((shop, at) => (at % 40 === 0 ? 10_000 + at : shop))
    expect(codesAmong([fractions, sales])).toEqual([])
    expect(codesAmong([few, ofFew])).toEqual([])
    expect(codesAmong([growing, sales])).toEqual([])
  })

  it('compares rows, and does not need many columns', () => {
    expect(codesAmong([])).toEqual([])
    expect(codesAmong([shops])).toEqual([])
    expect(codesAmong([shops, shops.map(() => 5)])).toEqual([])
  })
})

it('reads numbers that determine others, but not by their order, as codes (a shop was a quantity)', () => {
  const records = Array.from({ length: 600 }, (_, at) => {
    const shop = (at * 7) % 41
    return { shop: 100 + shop, size: ((shop * 17) % 41) / 2, amount: (at * 13) % 89 }
  })
  const { kinds, warnings } = infer(records)
  expect(kinds).toEqual(['$.shop categorical', '$.size numeric', '$.amount numeric'])
  expect(warnings).toEqual([{ path: '$.shop', text: expect.stringContaining('read as codes') }])
})
