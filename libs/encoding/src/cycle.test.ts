import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitCycle, periodHours, rollUp, unroll } from './cycle.js'

const PERIODS = ['hour', 'day', 'week', 'year'] as const
const time = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) })

describe('a cycle', () => {
  it('unrolls every time to within its period, and rolls it up to the same place', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PERIODS),
        fc.array(time, { minLength: 1, maxLength: 20 }),
        time,
        (period, times, t) => {
          const cycle = fitCycle(period, Float64Array.from(times))
          const hours = unroll(cycle, t)
          expect(hours).toBeGreaterThanOrEqual(0)
          expect(hours).toBeLessThan(periodHours(cycle))
          // A leap year's hours are stretched differently from its neighbour's: to a minute of a year.
          const apart = Math.abs(unroll(cycle, rollUp(cycle, hours)) - hours)
          expect(Math.min(apart, periodHours(cycle) - apart)).toBeLessThan(1e-3)
        },
      ),
    )
  })

  it.each(PERIODS)('of a %s places times at either end of what can be told, and beyond, as any other', (period) => {
    const ends = [-1e300, -8.64e15, 8.64e15, 1e300]
    for (const zone of [undefined, 'Europe/Berlin']) {
      const cycle = fitCycle(period, Float64Array.of(...ends, Date.UTC(2001, 5)), zone)
      for (const end of ends) {
        const hours = unroll(cycle, end)
        expect(hours).toBeGreaterThanOrEqual(0)
        expect(hours).toBeLessThan(periodHours(cycle))
        const back = rollUp(cycle, hours)
        expect(Number.isFinite(back), `${back}`).toBe(true)
      }
    }
  })

  it('is cut where the fewest times are', () => {
    const daytime = Float64Array.from({ length: 1000 }, (_, k) => Date.UTC(2001, 0, 1, 6 + (k % 17), k % 60))
    const { cut } = fitCycle('day', daytime)
    expect(cut * 24).toBeLessThan(6)
  })

  it('keeps neighbours on both sides of midnight together', () => {
    const night = Float64Array.from({ length: 100 }, (_, k) => Date.UTC(2001, 0, 1, 22) + k * 120_000)
    const cycle = fitCycle('day', night)
    expect(unroll(cycle, Date.UTC(2001, 0, 2, 0, 5)) - unroll(cycle, Date.UTC(2001, 0, 1, 23, 55))).toBeCloseTo(1 / 6)
  })

  it('begins weeks on Monday', () => {
    const cycle = { period: 'week', cut: 0, startMs: 0 } as const
    expect(unroll(cycle, Date.UTC(2024, 0, 1))).toBe(0)
    expect(unroll(cycle, Date.UTC(2024, 0, 7, 23))).toBe(167)
  })
})
