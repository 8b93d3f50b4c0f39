import { expect, test } from 'vitest'
import {
  decadesOf,
  formatAgo,
  formatAmount,
  formatBytes,
  formatPValue,
  formatTime,
  formatValue,
  timeLabels,
} from './format.js'

test.each([
  [0, '0'],
  [16.191, '16.19'],
  [-3.5, '−3.5'],
  [8_214.81, '8,214.8'],
  [445_756.7, '445,757'],
  [1.234e12, '1.2e12'],
])('%d nats read %s', (nats, text) => expect(formatAmount(nats)).toBe(text))

test.each([
  [0.00003, '0.00003'],
  [0.000_000_31, '3.1e-7'],
  [0, '0'],
])('p %d is written %s', (p, text) => expect(formatPValue(p)).toBe(text))

test('sizes and values', () => {
  expect(formatBytes(1_234_567_890)).toBe('1.23 GB')
  expect(formatBytes(0)).toBe('0 B')
  expect([1_000, 999_499, 999_999, 999_999_999].map(formatBytes)).toEqual(['1 kB', '999 kB', '1 MB', '1 GB'])
  expect(formatValue(null)).toBe('missing')
  expect(formatValue(-1380)).toBe('−1,380')
  expect(formatValue(1e300)).toBe('1e300')
  expect(formatValue('<b>ATL</b>')).toBe('<b>ATL</b>')
})

test('times are relative to now, and times in the future give no negative ones', () => {
  const now = Date.UTC(2026, 0, 1, 12)
  expect(formatAgo('2026-01-01T11:46:00Z', now)).toBe('14 min ago')
  expect(formatAgo('2026-01-01T12:00:30Z', now)).toBe('just now')
})

test('times are in the local zone', () => {
  const noon = new Date(2026, 10, 25, 12, 3, 9)
  expect(formatTime(noon.toISOString())).toBe('2026-11-25 12:03:09')
})

test('labels of days have the year where one begins (anomalies of several decades had days alone)', () => {
  const days = [new Date(1998, 6, 9), new Date(1998, 11, 31), new Date(2008, 0, 10)].map(Number)
  expect(timeLabels(days, 86_400)).toEqual(['07-09\n1998', '12-31', '01-10\n2008'])
})

test('a logarithmic axis has no label that covers that of 0 (1, 0 and −1 were on top of each other in a low chart)', () => {
  const values = [-10, -1, 0, 1, 2, 10]
  expect(decadesOf(values, (value) => 7 * Math.asinh(value))).toEqual([-10, null, 0, null, null, 10])
  expect(decadesOf(values, (value) => 20 * Math.asinh(value))).toEqual([-10, -1, 0, 1, null, 10])
})
