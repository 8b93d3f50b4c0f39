import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRarity } from './rarity.js'

test.each([
  [0.5, 'not rare'],
  [0.01, '1 in 100'],
  [0.0000888, '1 in 11,000'],
  [2.1e-6, '1 in 480,000'],
  [2.1e-7, 'rarer than 1 in 1,000,000'],
  [1e-10, 'beyond anything seen'],
  [1e-300, 'beyond anything seen'],
])('p %d reads %s', (p, text) => expect(formatRarity(p)).toBe(text))

test.each([
  [0.01, '1 in 100'],
  [1 / 1_601, 'rarer than 1 in 1,600'],
])('without a tail, by 1,600 calibration records, p %d reads %s', (p, text) =>
  expect(formatRarity(p, 1 / 1_601)).toBe(text),
)

test('the text of a rarer record never states a higher frequency', () => {
  const rank = (p: number) => {
    const [, beyond, oneIn] = /^(?:not rare|(beyond .*)|(?:rarer than )?1 in ([\d,]+))$/.exec(formatRarity(p))!
    if (beyond !== undefined) return Number.POSITIVE_INFINITY
    return oneIn === undefined ? 0 : Number(oneIn.replaceAll(',', ''))
  }
  const pValue = fc.double({ min: 1e-12, max: 1, noNaN: true })
  fc.assert(fc.property(pValue, pValue, (a, b) => rank(Math.min(a, b)) >= rank(Math.max(a, b))))
})
