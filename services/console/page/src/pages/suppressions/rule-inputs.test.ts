import { expect, test, vi } from 'vitest'
import type { AnomalyDetail, Reason } from '../../api/types.js'
import { BLANK, hideLike, prefilled, ruleOf } from './rule-inputs.js'

const directionFor = (observed: Reason['observed'], expected: Reason['expected']) => {
  const reasons = [{ field: 'delay', bits: 12, observed, expected, range: null, text: '' }]
  const link = hideLike({ pipeline: 'flights', key: 'ATL', reasons } as unknown as AnomalyDetail)
  return prefilled(link.slice(link.indexOf('?')))?.direction
}

test('the form is filled with the direction of the main reason', () => {
  expect(directionFor(90, 5)).toBe('above')
  expect(directionFor(5, 90)).toBe('below')
})

test('it is filled with no direction where the alert has none: such a rule would not hide it', () => {
  expect(directionFor(0, 0)).toBe('')
  expect(directionFor('ATL', 'JFK')).toBe('')
})

test('a rule can be shown for any number of days, such as one that is beyond the calendar while it is typed', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
  try {
    expect(ruleOf({ ...BLANK, days: '1000000000' }).expiresAt).toBe('2027-01-01T00:00:00.000Z')
    expect(ruleOf({ ...BLANK, days: '' }).expiresAt).toBe('2026-01-02T00:00:00.000Z')
  } finally {
    vi.useRealTimers()
  }
})
