import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitCycle, hoursSinceCut, periodHours, timeAtHours } from './cycle.js'
import { fitNumberColumn } from './number-column.js'

const PERIODS = ['hour', 'day', 'week', 'year'] as const
const time = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) })

describe('a cycle', () => {
  it('unrolls every time into its period, and rolls it up to the same point of the cycle', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PERIODS),
        fc.array(time, { minLength: 1, maxLength: 20 }),
        time,
        (period, times, t) => {
          const cycle = fitCycle(period, Float64Array.from(times))
          const hours = hoursSinceCut(cycle, t)
          expect(hours).toBeGreaterThanOrEqual(0)
          expect(hours).toBeLessThan(periodHours(cycle))
          // Years of 365 and 366 days are stretched to one length; the tolerance of 3.6 s covers the rounding.
          const apart = Math.abs(hoursSinceCut(cycle, timeAtHours(cycle, hours)) - hours)
          expect(Math.min(apart, periodHours(cycle) - apart)).toBeLessThan(1e-3)
        },
      ),
    )
  })

  it.each(PERIODS)(
    'of a %s places times at and beyond the ends of the representable range like any other',
    (period) => {
      const ends = [-1e300, -8.64e15, 8.64e15, 1e300]
      for (const zone of [undefined, 'Europe/Berlin']) {
        const cycle = fitCycle(period, Float64Array.of(...ends, Date.UTC(2001, 5)), zone)
        for (const end of ends) {
          const hours = hoursSinceCut(cycle, end)
          expect(hours).toBeGreaterThanOrEqual(0)
          expect(hours).toBeLessThan(periodHours(cycle))
          const back = timeAtHours(cycle, hours)
          expect(Number.isFinite(back), `${back}`).toBe(true)
        }
      }
    },
  )

  it('of a year places a time of the first century like any other (it was 1,900 years before its cycle)', () => {
    const [first, later] = ['0001-01-01', '0099-07-02'].map((date) => Date.parse(`${date}T00:00:00Z`))
    const cycle = fitCycle('year', Float64Array.of(first!, later!))
    expect(hoursSinceCut({ ...cycle, cut: 0 }, first!)).toBe(0)
    expect(hoursSinceCut({ ...cycle, cut: 0 }, later!)).toBeCloseTo(periodHours(cycle) / 2, -2)
    expect(timeAtHours({ ...cycle, cut: 0 }, 0)).toBe(Date.parse('0099-01-01T00:00:00Z'))
  })

  it('is cut at the point with the fewest times', () => {
    const daytime = Float64Array.from({ length: 1000 }, (_, k) => Date.UTC(2001, 0, 1, 6 + (k % 17), k % 60))
    const { cut } = fitCycle('day', daytime)
    expect(cut * 24).toBeLessThan(6)
  })

  it('of an hour is cut at any whole minute (times at minute 1 were 6e-17 h after the cut, so their step was not found)', () => {
    const feature = { path: '$.at', type: 'cyclic', period: 'hour', optional: false } as const
    for (let cut = 0; cut < 60; cut++) {
      const away = (minute: number) => Math.min((minute - cut + 60) % 60, (cut - minute + 60) % 60)
      const minutes = Array.from({ length: 600 }, (_, k) => k % 60).filter((minute, k) => away(minute) > 2 || k < 60)
      const times = Float64Array.from(minutes, (minute, k) => Date.UTC(2001, 0, 1, k % 24, minute))
      expect(fitCycle('hour', times).cut).toBe(cut / 60)
      expect(fitNumberColumn(feature, times, { contamination: 0, usualShare: 1 }).quantum).toBe(1 / 60)
    }
  })

  it('keeps neighbours on both sides of midnight together', () => {
    const night = Float64Array.from({ length: 100 }, (_, k) => Date.UTC(2001, 0, 1, 22) + k * 120_000)
    const cycle = fitCycle('day', night)
    expect(
      hoursSinceCut(cycle, Date.UTC(2001, 0, 2, 0, 5)) - hoursSinceCut(cycle, Date.UTC(2001, 0, 1, 23, 55)),
    ).toBeCloseTo(1 / 6)
  })

  it('begins weeks on Monday', () => {
    const cycle = { period: 'week', cut: 0, startMs: 0 } as const
    expect(hoursSinceCut(cycle, Date.UTC(2024, 0, 1))).toBe(0)
    expect(hoursSinceCut(cycle, Date.UTC(2024, 0, 7, 23))).toBe(167)
  })
})

const BERLIN = 'Europe/Berlin'

describe('a cycle in a time zone', () => {
  const opening = (month: number) =>
    Date.parse(`2026-${String(month).padStart(2, '0')}-10T08:00:00+0${month > 3 && month < 11 ? 2 : 1}:00`)
  const times = Float64Array.from({ length: 12 }, (_, k) => opening(k + 1))

  it('keeps 08:00 local time at the same hour in summer and winter', () => {
    const cycle = fitCycle('day', times, BERLIN)
    const hours = new Set(Array.from(times, (time) => hoursSinceCut(cycle, time)))
    expect(hours.size).toBe(1)
    expect(new Set(Array.from(times, (time) => hoursSinceCut(fitCycle('day', times), time))).size).toBe(2)
  })

  it("rolls a time of day up to the zone's local time", () => {
    const cycle = fitCycle('day', times, BERLIN)
    expect(new Date(timeAtHours(cycle, hoursSinceCut(cycle, times[6]!))).toISOString()).toBe('2026-12-10T07:00:00.000Z')
  })

  it("begins weeks and years at the zone's midnight", () => {
    const newYear = Date.parse('2026-01-01T00:00:00-05:00')
    for (const period of ['week', 'year'] as const) {
      const start = period === 'week' ? Date.parse('2026-01-05T00:00:00-05:00') : newYear
      expect(hoursSinceCut({ period, zone: 'America/New_York', cut: 0 }, start)).toBe(0)
    }
  })
})

it('a cycle returns times of the last year of training, also before 1970', () => {
  const cycle = fitCycle('year', Float64Array.of(Date.UTC(1950, 2), Date.UTC(1951, 5)))
  expect(new Date(timeAtHours(cycle, 1)).getUTCFullYear()).toBe(1951)
})
