import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { ahead, bounds } from './options.js'

test('bounds are two numbers, or one of them', () => {
  expect(bounds('0..90')).toEqual([0, 90])
  expect(bounds('-1.5..')).toEqual([-1.5, null])
  expect(bounds('..1e3')).toEqual([null, 1000])
  for (const wrong of ['', '..', '5', 'a..b', '1..2..3'])
    expect(() => bounds(wrong), wrong).toThrow(InvalidArgumentError)
})

test('a future time is an instant, or a span from now', () => {
  expect(ahead('2999-01-01')).toEqual(new Date('2999-01-01T00:00:00Z'))
  expect(Math.abs(ahead('7d').getTime() - Date.now() - 7 * 86_400_000)).toBeLessThan(10_000)
  for (const wrong of ['2001-01-01', 'tomorrow', '7']) expect(() => ahead(wrong), wrong).toThrow(InvalidArgumentError)
})
