import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeScoreboard, percentile } from './scoreboard.js'

const sent = (...kinds: readonly (string | null)[]) =>
  kinds.map((corruption, index) => ({ position: `flights/0/${index}`, corruption }))

const at = (...offsets: readonly number[]) => new Set(offsets.map((offset) => `flights/0/${offset}`))

describe('makeScoreboard', () => {
  it('counts found, missed and false alarms, over all and per kind', () => {
    const records = sent('km', 'km', 'swapped', null, null, null, null)
    expect(makeScoreboard(records, at(0, 2, 3))).toEqual({
      overall: { records: 3, found: 2, recall: 2 / 3, precision: 2 / 3 },
      falseAlarms: 1,
      byKind: {
        km: { records: 2, found: 1, recall: 0.5, precision: 0.5 },
        swapped: { records: 1, found: 1, recall: 1, precision: 0.5 },
      },
    })
  })

  it('returns null for ratios without records', () => {
    expect(makeScoreboard(sent(null), at()).overall).toEqual({ records: 0, found: 0, recall: null, precision: null })
  })
})

describe('percentile', () => {
  it('is the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0.01, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100])
    expect(percentile([7], 0.5)).toBe(7)
    expect(percentile([], 0.5)).toBeNull()
  })

  it('is one of the values, and at least as large as the requested share of them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent / 100)!
        expect(values).toContain(found)
        const within = values.filter((value) => value <= found).length
        expect(100 * within).toBeGreaterThanOrEqual(percent * values.length - 1)
      }),
    )
  })
})
