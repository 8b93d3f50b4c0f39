import { expect, it } from 'vitest'
import { ranksOf, wilcoxonPValue } from './wilcoxon.js'

it('assigns equal values their mean rank', () => {
  expect(ranksOf([3, 1, 3, 7])).toEqual([2.5, 1, 2.5, 4])
})

// scipy.stats.wilcoxon(d, method='approx', correction=False)
it.each([
  [[6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75], 0.040882],
  [[1, 1, -1, 2, 3, 0, 2, -2, 4, 5], 0.064414],
] as const)('gives the p-value of the normal approximation for %j', (differences, p) => {
  expect(wilcoxonPValue(differences)).toBeCloseTo(p, 4)
  expect(wilcoxonPValue(differences.map((difference) => -difference))).toBeCloseTo(p, 4)
})

it('is 1 for equal pairs', () => {
  expect(wilcoxonPValue([0, 0, 0])).toBe(1)
})
