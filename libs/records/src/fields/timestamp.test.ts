import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochUnit, parseTimestamp } from './timestamp.js'

describe('a timestamp', () => {
  it('is read back from ISO 8601, for any time', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(parseTimestamp(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })

  it.each([
    ['2001-01-01T00:47:00Z', '2001-01-01T00:47:00Z'],
    ['2001/01/01 00:47', '2001-01-01T00:47:00Z'],
    ['2000-12-31T23:59:60Z', '2001-01-01T00:00:00Z'], // a leap second
    ['2001-01-01T00:47', '2001-01-01T00:47:00Z'],
    ['2001-01-01', '2001-01-01T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'], // the zero time of Go and .NET
    ['2001-01-01T02:47:00+02:00', '2001-01-01T00:47:00Z'],
    ['2001-01-01 00:47:00.250-0130', '2001-01-01T02:17:00.250Z'],
    ['2001-01-01 00:47:00.5 UTC', '2001-01-01T00:47:00.500Z'],
    ['2001-01-01T02:47+02:00[Europe/Helsinki]', '2001-01-01T00:47:00Z'], // of Java; it was text
    ['978310020000', '2001-01-01T00:47:00Z'],
    ['978310020', '2001-01-01T00:47:00Z'],
    ['978310020000000', '2001-01-01T00:47:00Z'],
    ['978310020000000000', '2001-01-01T00:47:00Z'],
  ])('%s is %s', (text, iso) => {
    expect(parseTimestamp(text)).toBe(Date.parse(iso))
  })

  it.each([
    '',
    '2001',
    '0000-01-01',
    '2001-13-01',
    '2001-02-29',
    '1900-02-29',
    '2001-01-01T24:00',
    '2001-01-01T00:00+19:00',
    '12:30',
  ])('is not %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  it('is the same whole ms from epoch ns as from epoch ms (more than a third were 1 ms earlier)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 }), (ms) => {
        expect(parseTimestamp(`${ms}000000`)).toBe(ms)
      }),
    )
  })

  it('issue 17.3: is read from an epoch time in any unit, by its magnitude', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3e8, max: 9_999_999_999 }), (seconds) => {
        for (const [factor, unit] of [
          [1, 'seconds'],
          [1e3, 'milliseconds'],
          [1e6, 'microseconds'],
          [1e9, 'nanoseconds'],
        ] as const) {
          expect(epochUnit(seconds * factor)).toBe(unit)
          expect(parseTimestamp(seconds * factor)).toBeCloseTo(seconds * 1e3, 0)
        }
      }),
    )
  })

  it('issue 17.3: is accepted at the end of the year 9999 in ms', () => {
    expect(parseTimestamp(253_402_300_799_999)).toBe(Date.parse('9999-12-31T23:59:59.999Z'))
  })

  // From 1e10 on: ms in 1970, ms beyond 9999, µs beyond 2286, ns beyond 2286.
  it.each([
    0,
    -1,
    1,
    99_999_999,
    1e10,
    99_999_999_999,
    253_402_300_800_000,
    1e16,
    1e19,
    -978310020000,
    1e20,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('issue 17.3: is not the number %d', (number) => {
    expect(epochUnit(number)).toBeNull()
    expect(parseTimestamp(number)).toBeUndefined()
  })
})
