import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatShare, formatShares, reasonPercents } from './shares.js'

const reason = (field: string, bits: number) => ({ field, bits })

test('each field has its share of the bits', () => {
  expect(formatShares([reason('distance', 97), reason('delay', 3)])).toBe('distance 97 %, delay 3 %')
  expect(formatShares([reason('distance', 906_215)])).toBe('distance 100 %')
  expect(formatShares([reason('distance', 14), reason('origin', 2)])).toBe('distance 87 %, origin 13 %')
})

test.each([
  [0, '0 %'],
  [0.0034, '0.34 %'],
  [0.07904, '7.9 %'],
  [0.2 + 0.1, '30 %'],
])('the share %d is written %s', (share, text) => expect(formatShare(share)).toBe(text))

test('a field among several has a share from 1 to 99 %', () => {
  expect(reasonPercents([reason('distance', 906_215), reason('delay', 1)])).toEqual([99, 1])
  expect(reasonPercents([reason('distance', 0)])).toEqual([0])
})

test('the shares add up to 100 %, and none is below 0 or that of fewer bits (of 22 equal ones the first was -5 %)', () => {
  expect(Math.min(...reasonPercents(Array.from({ length: 22 }, () => ({ bits: 3 }))))).toBe(4)
  const bits = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 150 })
  fc.assert(
    fc.property(bits, (unsorted) => {
      const percents = reasonPercents(unsorted.toSorted((a, b) => b - a).map((own) => ({ bits: own })))
      expect(percents).toEqual(percents.toSorted((a, b) => b - a))
      expect(percents.at(-1)).toBeGreaterThanOrEqual(0)
      expect(percents.reduce((sum, percent) => sum + percent, 0)).toBe(unsorted.some((own) => own > 0) ? 100 : 0)
    }),
    { seed: 1 },
  )
})
