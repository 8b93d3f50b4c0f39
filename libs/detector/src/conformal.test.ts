import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conformalPValues, conformalThreshold } from './conformal.js'

const nlls = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 })

describe('a split-conformal p-value', () => {
  it('counts the calibration records that are at least as strange, and the record itself', () => {
    const calibration = Float64Array.of(1, 2, 2, 5)
    expect([...conformalPValues(calibration, Float64Array.of(0, 2, 5, 6))]).toEqual([1, 4 / 5, 2 / 5, 1 / 5])
  })

  it('is valid: of exchangeable records, a share of at most α has p ≤ α, exactly where none are equal', () => {
    // Each of n + 1 records takes its turn as the one to be judged by the others: all orders are equally likely.
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 30 }), (values) => {
        const p = values.map((own, index) => {
          const others = Float64Array.from(values.toSpliced(index, 1)).sort()
          return conformalPValues(others, Float64Array.of(own))[0]!
        })
        const uniform = values.map((_, k) => (k + 1) / values.length)
        expect(p.toSorted((a, b) => a - b)).toEqual(uniform)
      }),
    )
  })

  it('is at most the alert rate exactly above the threshold', () => {
    fc.assert(
      fc.property(
        nlls,
        fc.integer({ min: -60, max: 60 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (values, own, rate) => {
          const calibration = Float64Array.from(values).sort()
          const [p] = conformalPValues(calibration, Float64Array.of(own))
          expect(own > conformalThreshold(calibration, rate)).toBe(p! <= rate)
        },
      ),
    )
  })
})
