import { InvalidArgumentError } from 'commander'
import { expect, test, vi } from 'vitest'
import { ahead, bounds, byOption, moment, whyOption } from './options.js'

test('bounds are two numbers, or one of them', () => {
  expect(bounds('0..90')).toEqual([0, 90])
  expect(bounds('-1.5..')).toEqual([-1.5, null])
  expect(bounds('..1e3')).toEqual([null, 1000])
  for (const wrong of ['', '..', '5', 'a..b', '1..2..3', 'Infinity..', '..1e400'])
    expect(() => bounds(wrong), wrong).toThrow(InvalidArgumentError)
})

test('a time without a zone is in UTC, also with a space before the time of day', () => {
  vi.stubEnv('TZ', 'America/New_York')
  const eight = new Date('2026-01-31T08:00:00Z')
  for (const text of ['2026-01-31T08:00', '2026-01-31 08:00', '2026-01-31t08:00', '2026-01-31 03:00-05:00'])
    expect(moment(text), text).toEqual(eight)
  expect(moment('2026-01-31')).toEqual(new Date('2026-01-31T00:00:00Z'))
  expect(() => moment('2026-01-31 08:00 EST')).toThrow(InvalidArgumentError)
  vi.unstubAllEnvs()
})

test('a day that its month does not have is no time (30 February was 2 March)', () => {
  for (const text of ['2026-02-30', '2026-02-30T08:00:00Z', '2026-04-31 08:00'])
    expect(() => moment(text), text).toThrow(InvalidArgumentError)
  expect(moment('2028-02-29')).toEqual(new Date('2028-02-29T00:00:00Z'))
})

test('a time that Postgres cannot read is no time (a span of ages was an unexpected error)', () => {
  for (const text of ['999999999d', '900000d', '0000-01-01'])
    expect(() => moment(text), text).toThrow('years 1 to 9999')
  expect(() => ahead('9000000d')).toThrow('years 1 to 9999')
  expect(moment('0001-01-01')).toEqual(new Date('0001-01-01T00:00:00Z'))
})

test('a future time is an instant, or a span from now', () => {
  expect(ahead('2999-01-01')).toEqual(new Date('2999-01-01T00:00:00Z'))
  expect(Math.abs(ahead('7d').getTime() - Date.now() - 7 * 86_400_000)).toBeLessThan(10_000)
  for (const wrong of ['2001-01-01', 'tomorrow', '7', '2', '2999-01'])
    expect(() => ahead(wrong), wrong).toThrow(InvalidArgumentError)
})

test('the reason and the author of a change are not blank (a required reason could be empty)', () => {
  for (const option of [whyOption(), byOption()]) {
    const parsed = (text: string) => option.parseArg!(text, undefined)
    expect(parsed('load test')).toBe('load test')
    for (const blank of ['', ' ']) expect(() => parsed(blank), option.flags).toThrow(InvalidArgumentError)
  }
})
