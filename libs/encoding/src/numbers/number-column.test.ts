import fc from 'fast-check'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import {
  arbitraryValueNll,
  fitNumberColumn,
  flagOf,
  fromLine,
  halfStep,
  relativeScale,
  restore,
  standardise,
  toLine,
} from './number-column.js'

const feature = { path: '$.x', type: 'numeric', optional: false } as const
const fit = (values: readonly number[], contamination = 0, usualShare = 0.95) =>
  fitNumberColumn(feature, Float64Array.from(values), { contamination, usualShare })

describe('a number column', () => {
  it('restores every value', () => {
    const values = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 50 })
    fc.assert(
      fc.property(values, (whole) => {
        const column = fit(whole)
        for (const x of whole) expect(restore(column, standardise(column, toLine(column, x)))).toBeCloseTo(x, 4)
      }),
    )
  })

  it('has a density of arbitrary values on its line that integrates to 1, on a log scale too', () => {
    for (const scale of ['linear', 'log'] as const) {
      const values = Float64Array.from({ length: 500 }, (_, k) => 200 + 3 * k ** 2)
      const column = fitNumberColumn({ ...feature, scale }, values, { contamination: 0, usualShare: 0.95 })
      const step = column.scale / 20
      let mass = 0
      for (let k = -1_000; k <= 1_000; k++) {
        mass += step * Math.exp(-arbitraryValueNll(column, fromLine(column, column.centre + k * step)))
      }
      // The rest of a Cauchy density is beyond 50 scales.
      expect(mass).toBeCloseTo((2 / Math.PI) * Math.atan(50), 3)
    }
  })

  it('finds the step of values', () => {
    expect(fit([3, 7, 12, 26]).quantum).toBe(1)
    expect(fit([0.5, 1.25, 9.75]).quantum).toBeCloseTo(0.05)
    expect(fit([100, 250, 900]).quantum).toBe(50)
    expect(fit([Math.PI, Math.E, Math.SQRT2, Math.LN2]).quantum).toBe(0)
    expect(fit([...new Array(995).fill(0), 1, 2, 1, 3, 1], 0, 1).quantum).toBe(1)
    expect(fit([0, 0, 0]).quantum).toBe(0)
    // The largest step was 5,000,000, so samples had values between the multiples.
    expect(fit([3e9, 7e9, 12e9, 26e9]).quantum).toBe(1e9)
    expect(fit([2e290, 6e290, 1e291]).quantum).toBe(2e290)
  })

  it('leaves the outermost values, the share of the contamination, out of mean and deviation', () => {
    const values = Array.from({ length: 1000 }, (_, k) => k % 10)
    const { centre, scale } = fit([...values, 50], 0.01)
    expect(centre).toBeCloseTo(4.5, 1)
    expect(scale).toBeLessThan(3)
  })

  it('is widened by far outliers, up to a bound', () => {
    const values = Array.from({ length: 1000 }, (_, k) => k % 10)
    expect(fit([...values, 1000], 0.01).scale).toBeCloseTo(Math.sqrt(1000) / 3, 0)
    expect(fit([...values, 1e9], 0.01).scale).toBeLessThan(60)
  })

  it('has the deviation of all values if all but the outermost are equal', () => {
    const values = [...new Array(999).fill(0.1 + 0.2), 7.5]
    expect(fit(values, 0.01, 1).scale).toBeCloseTo(0.228, 2)
  })

  it('divides a constant by 1 % of its magnitude, at least by 1', () => {
    expect(fit([7, 7, 7]).scale).toBe(1)
    expect(fit([5000, 5000]).scale).toBe(50)
  })

  it('stays finite at the ends of the number range', () => {
    const column = fit([-1e300, 1e300, 9e299])
    expect(Number.isFinite(column.centre) && Number.isFinite(column.scale)).toBe(true)
    expect(standardise(fit([1, 2, 3]), 1e300)).toBe(1e4)
  })

  it('encodes a value that nearly all records share by the flag', () => {
    const column = fit([...new Array(98).fill(0), 3, 8])
    expect(column.usual).toBe(0)
    expect([0, 3, Number.NaN].map((x) => flagOf(column, x))).toEqual(['usual', 'present', 'missing'])
  })
})

describe('issue 17.2: a column at any location and scale', () => {
  const normals = (seed: number) => {
    const random = xoroshiro128plus(seed)
    const uniform = () => (uniformInt(random, 0, 2 ** 30) + 0.5) / (2 ** 30 + 1)
    return Array.from({ length: 500 }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
  }
  const sigmasOf = (location: number, scale: number, seed: number) => {
    const column = fit(
      normals(seed).map((z) => location + scale * z),
      0.01,
    )
    const far = standardise(column, toLine(column, location + 10 * scale))
    return { far, column }
  }

  it('finds a deviation of ten standard deviations', () => {
    const digits = fc.double({ min: 1, max: 9.99, noNaN: true })
    const exponents = fc.integer({ min: -100, max: 250 })
    fc.assert(
      fc.property(
        digits,
        exponents,
        fc.integer({ min: 0, max: 13 }),
        fc.boolean(),
        fc.nat(),
        (m, e, less, sign, seed) => {
          const location = (sign ? 1 : -1) * m * 10 ** e
          const { far, column } = sigmasOf(location, Math.abs(location) * 10 ** -less, seed)
          expect(far).toBeGreaterThan(7)
          expect(far).toBeLessThan(13)
          // Noise wider than a third of the standard deviation would hide it.
          expect(halfStep(column)).toBeLessThan(1 / 3)
        },
      ),
    )
  })

  it.each([
    [1e7, 1],
    [1e9, 1],
    [5e6, 0.25],
    [1e17, 1000],
  ])('finds it around %f ± %f', (location, scale) => {
    const { far, column } = sigmasOf(location, scale, 1)
    expect(far).toBeGreaterThan(7)
    expect(halfStep(column)).toBeLessThan(1 / 3)
  })

  it('distinguishes whole numbers from 9e15 to 9e15 + 18', () => {
    const column = fit(Array.from({ length: 500 }, (_, k) => 9e15 + ((k * 7) % 19)))
    expect(standardise(column, 9e15 + 60)).toBeGreaterThan(7)
    expect(halfStep(column)).toBeLessThan(1 / 3)
  })
})

it('a few dozen extreme values among thousands make the scale many deviations of the others', () => {
  // The middle of two uniform numbers' sum: nearly normal.
  const usual = Array.from({ length: 6_000 }, (_, k) => ((k * 7_919) % 1_000) + ((k * 104_729) % 997))
  const extreme = usual.map((value, k) => (k % 150 === 7 ? 1e7 : value))
  expect(relativeScale(fit(usual, 0.01))).toBeCloseTo(1, 0)
  expect(relativeScale(fit(extreme, 0.01))).toBeGreaterThan(15)
})
