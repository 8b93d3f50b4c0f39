import { describe, expect, it } from 'vitest'
import { NumberSummariser, wantsLogScale } from './number-summary.js'

const summaryOf = (numbers: Iterable<number>) => {
  const summariser = new NumberSummariser()
  for (const number of numbers) summariser.add(number)
  return summariser.summary()
}

describe('NumberSummariser', () => {
  it('returns exact figures for few numbers', () => {
    expect(summaryOf([5, -1, 0, 2])).toEqual({
      least: -1,
      most: 5,
      leastPositive: 2,
      zeros: 0.25,
      median: 2,
      mean: 1.5,
    })
    expect(summaryOf([0, -1])).toMatchObject({ leastPositive: null })
    expect(summaryOf([])).toBeNull()
  })

  it('finds a code for missing numbers: repeated nines farther from all others than they spread', () => {
    const codeOf = (...numbers: number[]) => {
      const summariser = new NumberSummariser()
      for (const number of numbers) summariser.add(number)
      return summariser.missingCode()
    }
    expect(codeOf(-999, 20.5, 12, -999, 31)).toBe(-999)
    expect(codeOf(20.5, 9999, 12, 31, 9999)).toBe(9999)
    expect(codeOf(20.5, -99.99, 12, 31, -99.99)).toBe(-99.99)
    expect(codeOf(20.5, -999, 12, 31)).toBeNull() // once: an error, not a code
    expect(codeOf(20.5, -1000, 12, 31, -1000)).toBeNull()
    expect(codeOf(0, 99, 99, 42, 98)).toBeNull()
    expect(codeOf(0, 999, 999, 0)).toBeNull() // two values: categories
  })

  it('estimates the median of many numbers, including ascending ones', () => {
    const count = 100_000
    const ascending = Array.from({ length: count }, (_, index) => index)
    const summary = summaryOf(ascending)!
    expect(summary).toMatchObject({ least: 0, most: count - 1, leastPositive: 1, mean: (count - 1) / 2 })
    expect(Math.abs(summary.median / count - 0.5)).toBeLessThan(0.001)
  })
})

describe('wantsLogScale', () => {
  const skewed = { least: 0, most: 500, leastPositive: 10, zeros: 0.1, median: 100, mean: 120 }

  it('is true for numbers over a decade of which most are small', () => {
    expect(wantsLogScale(skewed)).toBe(true)
  })

  it.each([
    ['some are negative', { least: -1 }],
    ['none is positive', { leastPositive: null }],
    ['more than a tenth are 0', { zeros: 0.11 }],
    ['they span less than a decade', { leastPositive: 51 }],
    ['they span it only below 1', { least: 1e-9, leastPositive: 1e-9, most: 0.5, median: 0.001, mean: 0.01 }],
    ['most are large', { mean: 90 }],
  ])('is not where %s', (_, part) => {
    expect(wantsLogScale({ ...skewed, ...part })).toBe(false)
  })
})
