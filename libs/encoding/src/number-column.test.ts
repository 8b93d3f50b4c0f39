import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitNumberColumn, flagOf, restore, standardise, toLine } from './number-column.js'

const feature = { path: '$.x', type: 'numeric', optional: false } as const
const fit = (values: readonly number[], contamination = 0, usualShare = 0.95) =>
  fitNumberColumn(feature, Float64Array.from(values), { contamination, usualShare })

describe('a number column', () => {
  it('gives every value back', () => {
    const values = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 50 })
    fc.assert(
      fc.property(values, (whole) => {
        const column = fit(whole)
        for (const x of whole) expect(restore(column, standardise(column, toLine(column, x)))).toBeCloseTo(x, 4)
      }),
    )
  })

  it('finds the step that values come in', () => {
    expect(fit([3, 7, 12, 26]).quantum).toBe(1)
    expect(fit([0.5, 1.25, 9.75]).quantum).toBeCloseTo(0.05)
    expect(fit([100, 250, 900]).quantum).toBe(50)
    expect(fit([Math.PI, Math.E, Math.SQRT2, Math.LN2]).quantum).toBe(0)
    expect(fit([...new Array(995).fill(0), 1, 2, 1, 3, 1], 0, 1).quantum).toBe(1)
    expect(fit([0, 0, 0]).quantum).toBe(0)
  })

  it('leaves the outermost values out of mean and deviation, as many as the contamination', () => {
    const values = Array.from({ length: 1000 }, (_, k) => k % 10)
    const { centre, scale } = fit([...values, 50], 0.01)
    expect(centre).toBeCloseTo(4.5, 1)
    expect(scale).toBeLessThan(3)
  })

  it('is wider by outliers that reach far, yet not without end', () => {
    const values = Array.from({ length: 1000 }, (_, k) => k % 10)
    expect(fit([...values, 1000], 0.01).scale).toBeCloseTo(Math.sqrt(1000) / 3, 0)
    expect(fit([...values, 1e9], 0.01).scale).toBeLessThan(60)
  })

  it('takes the deviation of all where all but the outermost are the same', () => {
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

  it('states a value that nearly all share by the flag', () => {
    const column = fit([...new Array(98).fill(0), 3, 8])
    expect(column.usual).toBe(0)
    expect([0, 3, Number.NaN].map((x) => flagOf(column, x))).toEqual(['usual', 'present', 'missing'])
  })
})
