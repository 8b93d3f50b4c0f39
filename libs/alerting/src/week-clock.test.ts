import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { weekClock } from './week-clock.js'

const at = (time: string) => Date.parse(time)

describe('weekClock', () => {
  const nights = weekClock('22:00-07:00', 'Europe/Berlin')

  it('follows local time, in summer and in winter', () => {
    expect(nights.contains(at('2026-07-01T19:59:59Z'))).toBe(false)
    expect(nights.contains(at('2026-07-01T20:00:00Z'))).toBe(true)
    expect(nights.contains(at('2026-12-01T20:59:59Z'))).toBe(false)
    expect(nights.contains(at('2026-12-01T21:00:00Z'))).toBe(true)
  })

  it('ends an hour earlier in UTC in the night when clocks are put forward, and an hour later when they are put back', () => {
    expect(nights.endAfter(at('2026-03-28T21:30:00Z'))).toBe(at('2026-03-29T05:00:00Z'))
    expect(nights.endAfter(at('2026-10-24T20:30:12.345Z'))).toBe(at('2026-10-25T06:00:00Z'))
  })

  it('starts the week on Monday, before 1970 as well', () => {
    const mondays = weekClock('mon', 'UTC')
    expect(mondays.contains(at('2026-11-23T00:00:00Z'))).toBe(true)
    expect(mondays.contains(at('2026-11-22T23:59:59Z'))).toBe(false)
    expect(mondays.contains(at('1969-12-29T12:00:00Z'))).toBe(true)
    expect(mondays.endAfter(at('2026-11-23T12:00:00Z'))).toBe(at('2026-11-24T00:00:00Z'))
  })

  it('returns the first minute outside the span, from any minute inside', () => {
    const busy = weekClock('mon-fri 22:00-07:00; sat,sun', 'Europe/Berlin')
    fc.assert(
      fc.property(fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }), (time) => {
        fc.pre(busy.contains(time))
        const end = busy.endAfter(time)
        expect(busy.contains(end)).toBe(false)
        expect(busy.contains(end - 1)).toBe(true)
        expect(busy.endAfter(Math.floor((time + end) / 2))).toBe(end)
      }),
    )
  })
})
