import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromLocal, toLocal } from './time-zone.js'

const BERLIN = 'Europe/Berlin'
const clock = (zone: string, time: string) => new Date(toLocal(zone, Date.parse(time))).toISOString().slice(0, 16)

describe('local time', () => {
  it.each([
    [BERLIN, '2026-01-15T12:00:00Z', '2026-01-15T13:00'],
    [BERLIN, '2026-07-15T12:00:00Z', '2026-07-15T14:00'],
    [BERLIN, '2026-03-29T00:59:00Z', '2026-03-29T01:59'],
    [BERLIN, '2026-03-29T01:00:00Z', '2026-03-29T03:00'],
    [BERLIN, '2026-10-25T00:30:00Z', '2026-10-25T02:30'],
    [BERLIN, '2026-10-25T01:30:00Z', '2026-10-25T02:30'],
    ['Asia/Kathmandu', '2026-01-15T12:00:00Z', '2026-01-15T17:45'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', '2026-04-05T01:30'],
    ['America/New_York', '2026-01-01T03:00:00Z', '2025-12-31T22:00'],
  ])('in %s at %s is %s', (zone, time, shown) => {
    expect(clock(zone, time)).toBe(shown)
  })

  it('is converted back to the instant, in a repeated hour to the first one', () => {
    const back = (local: string) => new Date(fromLocal(BERLIN, Date.parse(`${local}:00Z`))).toISOString().slice(0, 16)
    expect(back('2026-03-29T10:00')).toBe('2026-03-29T08:00')
    expect(back('2026-10-25T02:30')).toBe('2026-10-25T00:30')
    expect(back('2026-03-29T02:30')).toBe('2026-03-29T01:30')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        const local = toLocal(BERLIN, seconds * 1_000)
        expect(toLocal(BERLIN, fromLocal(BERLIN, local))).toBe(local)
      }),
    )
  })

  it('stays within the range of Date', () => {
    expect(toLocal('Pacific/Kiritimati', 8.64e15)).toBe(8.64e15)
    expect(toLocal(BERLIN, Number.NaN)).toBeNaN()
    expect(fromLocal(BERLIN, Number.NaN)).toBeNaN()
  })
})
