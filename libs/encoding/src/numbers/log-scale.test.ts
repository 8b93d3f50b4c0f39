import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../encode.js'
import { fitEncoder } from '../fit-encoder.js'
import { fitLogUnit, inverseSignedLog, signedLog, slope } from './log-scale.js'

const units = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
const amounts = fc.double({ min: -1e9, max: 1e9, noNaN: true })

describe('the signed log', () => {
  it('is undone by its inverse', () => {
    fc.assert(
      fc.property(units, amounts, (unit, x) => {
        expect(Math.abs(inverseSignedLog(unit, signedLog(unit, x)) - x)).toBeLessThanOrEqual(
          1e-9 * Math.max(unit, Math.abs(x)),
        )
      }),
    )
  })

  it('has the slope of its central difference', () => {
    fc.assert(
      fc.property(units, amounts, (unit, x) => {
        const step = 1e-5 * (unit + Math.abs(x))
        const difference = (signedLog(unit, x + step) - signedLog(unit, x - step)) / (2 * step)
        // The second derivative jumps at 0: a step across 0 changes the slope by the step's share of the unit.
        expect(difference / slope(unit, x)).toBeCloseTo(1, 4)
      }),
    )
  })

  it('has the size of the small values as its unit, without zeros', () => {
    expect(fitLogUnit(Float64Array.from([0, 0, 0, 5, -5, 100, 2000]))).toBe(5)
    expect(fitLogUnit(new Float64Array(3))).toBe(1)
  })
})

describe('a column on a log scale', async () => {
  const feature = { path: '$.amount', type: 'numeric', scale: 'log', optional: false } as const
  // Amounts of either sign from a hundredth to a million.
  const values = Array.from({ length: 2_000 }, (_, k) => (k % 9 === 0 ? -1 : 1) * 10 ** (((k * 0.618_034) % 1) * 8 - 2))
  const records = values.map((x) => ({ numbers: [x], categories: [] }))
  const { encoder } = await fitEncoder([feature], records, { contamination: 0, seed: 1 })

  it('has a density on this scale that integrates to 1', () => {
    // With the identity as the flow, the row is standard normal. Trapezoid rule at even steps of y.
    const { logUnit, centre, scale } = encoder.numbers[0]!
    const step = scale / 1_000
    const grid = Array.from({ length: 20_001 }, (_, k) => inverseSignedLog(logUnit!, centre + step * (k - 10_000)))
    const { rows, addedNll } = encodeBatch(
      encoder,
      grid.map((x) => ({ numbers: [x], categories: [] })),
    )
    const density = addedNll.map((own, k) => Math.exp(-own - rows[k]! ** 2 / 2 - Math.log(2 * Math.PI) / 2))
    const mass = density.slice(1).reduce((sum, p, k) => sum + ((p + density[k]!) / 2) * step, 0)
    expect(mass).toBeCloseTo(1, 3)
  })

  it('keeps its quantiles and its step in the unit of the record', async () => {
    const cents = values.map((x) => ({ numbers: [Math.round(x * 100) / 100], categories: [] }))
    const [column] = (await fitEncoder([feature], cents, { contamination: 0, seed: 1 })).encoder.numbers
    expect(column).toMatchObject({ quantum: 0.01 })
    expect(column!.quantiles.at(-1)).toBeGreaterThan(900_000)
    expect(column!.scale).toBeLessThan(20)
  })
})
