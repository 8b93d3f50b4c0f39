import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeInRange } from './range.js'

const number = fc.double({ min: -1e12, max: 1e12, noNaN: true })
const range = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

test('value and band are within the track, in the order of their values', () => {
  fc.assert(
    fc.property(number, range, (value, [from, to]) => {
      const place = placeInRange(value, [from, to])
      const { low, high, at, side } = place
      expect(Math.min(low, high, at)).toBeGreaterThanOrEqual(0)
      expect(Math.max(low, high, at)).toBeLessThanOrEqual(1)
      expect(high - low).toBeGreaterThanOrEqual(0.2 - 1e-9)
      expect(side).toBe(value < from ? 'below' : value > to ? 'above' : 'within')
      if (side === 'below') expect(at).toBeLessThanOrEqual(low)
      if (side === 'above') expect(at).toBeGreaterThanOrEqual(high)
      if (side === 'within') expect(at >= low - 1e-9 && at <= high + 1e-9).toBe(true)
    }),
  )
})

test.each([
  { value: 15, of: [10, 20] as const, at: 0.5, isOff: false, widths: 0 },
  { value: 30, of: [10, 20] as const, at: 1 / 6 + 2 / 3, isOff: false, widths: 1 },
  { value: 0, of: [10, 20] as const, at: 1 - (1 / 6 + 2 / 3), isOff: false, widths: 1 },
  { value: 4_000, of: [10, 20] as const, at: 1, isOff: true, widths: 398 },
  { value: 3_983, of: [2_475, 2_475] as const, at: 1, isOff: true, widths: null },
  { value: 7, of: [7, 7] as const, at: 0.5, isOff: false, widths: 0 },
])('$value against $of is at $at', ({ value, of, at, ...rest }) => {
  const place = placeInRange(value, of)
  expect(place.at).toBeCloseTo(at)
  expect(place).toMatchObject(rest)
})
