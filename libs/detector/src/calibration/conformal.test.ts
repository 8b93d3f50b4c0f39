import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  alertThreshold,
  type Calibration,
  calibrationSteps,
  calibrationSummary,
  pUpperLimit,
  pValues,
} from './conformal.js'
import { fitParetoTail } from './pareto-tail.js'

const nlls = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 400 })

function counting(values: readonly number[]): Calibration {
  return { ...calibrationSteps(Float64Array.from(values).sort()), tail: null }
}

function withTail(values: readonly number[]): Calibration {
  return { ...counting(values), tail: fitParetoTail(Float64Array.from(values).sort()) }
}

/** Quantiles of the exponential: a calibration set without randomness. */
const exponential = (rows: number) => Array.from({ length: rows }, (_, i) => -Math.log(1 - (i + 0.5) / rows))

it('summarises the records beyond the widest gap, as many as the contamination allows', () => {
  const anomalies = Array.from({ length: 12 }, (_, k) => 100 * 1.5 ** k)
  const summaryOf = (values: readonly number[], contamination: number) =>
    calibrationSummary(Float64Array.from(values), counting(values), contamination).extremes
  const values = [...exponential(1_000), ...anomalies]
  expect(summaryOf(values, 0.01)).toEqual({ rows: 12, pValue: 13 / 1_013 })
  expect(summaryOf(values, 0)).toBeNull()
  expect(summaryOf(exponential(1_000), 0.01)).toBeNull()
})

describe('a p-value', () => {
  it('counts the calibration records with an nll at least as high, and the record itself', () => {
    const p = pValues(counting([1, 2, 2, 5]), Float64Array.of(0, 2, 5, 6))
    expect([...p]).toEqual([1, 4 / 5, 2 / 5, 1 / 5])
  })

  it('is valid: of exchangeable records, a share of at most α has p ≤ α, and exactly α if no two are equal', () => {
    // Each of n + 1 records is scored once against the others: all orders are equally likely.
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 30 }), (values) => {
        const p = values.map((own, index) => pValues(counting(values.toSpliced(index, 1)), Float64Array.of(own))[0]!)
        const uniform = values.map((_, k) => (k + 1) / values.length)
        expect(p.toSorted((a, b) => a - b)).toEqual(uniform)
      }),
    )
  })

  it('is above 0, at most 1, and never larger for a larger nll, with a tail or without', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 1e6, noNaN: true }), { minLength: 160, maxLength: 400 }),
        fc.array(fc.double({ min: -60, max: 1e9, noNaN: true }), { minLength: 2, maxLength: 50 }),
        (values, own) => {
          for (const calibration of [counting(values), withTail(values)]) {
            const p = pValues(calibration, Float64Array.from([...own, ...values]).sort())
            expect(p.every((share, i) => share > 0 && share <= (i === 0 ? 1 : p[i - 1]!))).toBe(true)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is at most the alert rate if and only if the nll is at least the threshold', () => {
    fc.assert(
      fc.property(
        nlls,
        fc.integer({ min: -60, max: 60 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (values, own, rate) => {
          const calibration = counting(values)
          const [p] = pValues(calibration, Float64Array.of(own))
          expect(own > alertThreshold(calibration, rate)).toBe(p! <= rate)
        },
      ),
    )
    const calibration = withTail(exponential(2_000))
    for (const rate of [0.2, 0.01, 1e-3, 1e-5, 1e-9]) {
      const threshold = alertThreshold(calibration, rate)
      const [below, beyond] = pValues(calibration, Float64Array.of(threshold - 1e-6, threshold + 1e-6))
      expect(below).toBeGreaterThan(rate)
      expect(beyond).toBeLessThanOrEqual(rate)
    }
  })

  it('is counted on fewer steps of a large set: exact for the least likely, slightly too large for the others', () => {
    const values = exponential(100_000)
    const steps = calibrationSteps(Float64Array.from(values))
    expect(steps.nll.length).toBeLessThan(20_100)
    const own = Float64Array.of(0.001, 0.5, 1, 2, 5, 8)
    const exact = own.map((nll) => (1 + values.filter((one) => one >= nll).length) / (values.length + 1))
    const p = pValues({ ...steps, tail: null }, own)
    p.forEach((share, i) => {
      expect(share).toBeGreaterThanOrEqual(exact[i]!)
      expect(share).toBeLessThan(exact[i]! + 1.1e-4)
    })
    expect([...p.slice(4)]).toEqual([...exact.slice(4)])
  })

  it('has an upper limit, whose ratio to the p-value increases as the number of records beyond decreases', () => {
    const calibration = withTail(exponential(2_000))
    const above = [0.7, 3, 7, 9, 14].map(
      (nll) => pUpperLimit(calibration, nll) / pValues(calibration, Float64Array.of(nll))[0]!,
    )
    expect(above[0]).toBeGreaterThan(1)
    expect(above).toEqual(above.toSorted((a, b) => a - b))
    expect(pUpperLimit(counting([1, 2, 3]), 0)).toBe(1)
  })

  it('is, where it is counted, 1.645 standard errors of its upper limit below that', () => {
    const rows = 50
    const calibration = counting(Array.from({ length: rows }, (_, row) => row))
    for (const nll of [49.5, 40, 10, 1]) {
      const limit = pUpperLimit(calibration, nll)
      const [p] = pValues(calibration, Float64Array.of(nll))
      expect(limit - p!).toBeCloseTo(1.645 * Math.sqrt((limit * (1 - limit)) / rows), 9)
    }
  })
})
