import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../random.js'
import { knotsOf, rawLength, splineAt, splineGradient } from './spline.js'

const BINS = 5
const BOUND = 3

function someRaw(seed: number, deviation = 1): Float64Array {
  const random = seededRandom(seed, 'raw')
  return Float64Array.from({ length: rawLength(BINS) }, () => deviation * random.normal())
}

it('is the identity if its raw parameters are zero', () => {
  const knots = knotsOf(new Float64Array(rawLength(BINS)), 0, BINS)
  for (let x = -4; x <= 4; x += 0.25) {
    const { value, logSlope } = splineAt(knots, BOUND, x)
    expect(value).toBeCloseTo(x, 12)
    expect(logSlope).toBeCloseTo(0, 12)
  }
})

it('increases from −bound to bound and is the identity beyond', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const knots = knotsOf(someRaw(seed, 3), 0, BINS)
      const values = Array.from({ length: 401 }, (_, at) => splineAt(knots, BOUND, -4 + at / 50).value)
      for (let at = 1; at < values.length; at++) expect(values[at]!).toBeGreaterThan(values[at - 1]!)
      expect(values[0]).toBe(-4)
      expect(values.at(-1)).toBe(4)
    }),
    { seed: 1 },
  )
})

it('has the gradient of its value and its log-slope, by x and by every raw parameter', () => {
  const at = fc.double({ min: -3.5, max: 3.5, noNaN: true })
  fc.assert(
    fc.property(fc.integer(), at, (seed, x) => {
      const raw = someRaw(seed)
      const slopes = { dValue: 0.7, dLogSlope: -1.3 }
      const combined = (numbers: Float64Array, place: number) => {
        const { value, logSlope } = splineAt(knotsOf(numbers, 0, BINS), BOUND, place)
        return slopes.dValue * value + slopes.dLogSlope * logSlope
      }
      const dRaw = new Float64Array(raw.length)
      const dx = splineGradient(knotsOf(raw, 0, BINS), BOUND, x, slopes, dRaw, 0)

      const step = 1e-6
      const nearTo = (slope: number, numeric: number) =>
        expect(Math.abs(slope - numeric) / Math.max(1, Math.abs(numeric))).toBeLessThan(1e-4)
      nearTo(dx, (combined(raw, x + step) - combined(raw, x - step)) / (2 * step))
      raw.forEach((_, index) => {
        const moved = (by: number) => combined(raw.with(index, raw[index]! + by), x)
        nearTo(dRaw[index]!, (moved(step) - moved(-step)) / (2 * step))
      })
    }),
    { seed: 2 },
  )
})
