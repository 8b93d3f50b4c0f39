import { suppressionRuleSchema } from '@outflow/contracts'
import { describe, expect, it } from 'vitest'
import { isHiddenBy } from './suppress.js'
import { anAlert, aReason, MONDAY } from './test-builders.js'

const hides = (rule: object, alert = anAlert()) =>
  isHiddenBy(suppressionRuleSchema.parse({ expiresAt: '2027-01-01T00:00:00Z', ...rule }))(alert)

describe('a suppression', () => {
  it('hides an alert that meets all its conditions', () => {
    const rule = {
      entity: 'JFK',
      field: 'delay',
      direction: 'above',
      timeOfWeek: 'mon 06:00-09:00',
      zone: 'Europe/Berlin',
    }
    // Eight in UTC is nine in Berlin: the span has ended.
    expect(hides(rule)).toBe(false)
    expect(hides(rule, anAlert({ eventTimeMs: MONDAY - 1 }))).toBe(true)
    expect(hides({ ...rule, zone: 'UTC' })).toBe(true)
    expect(hides({ ...rule, zone: 'UTC', entity: 'LAX' })).toBe(false)
    expect(hides({ ...rule, zone: 'UTC', direction: 'below' })).toBe(false)
    expect(hides({ ...rule, zone: 'UTC', field: 'distance' })).toBe(false)
  })

  it('applies field, range and direction to the main reason', () => {
    expect(hides({ field: 'delay', range: [90, 90] })).toBe(true)
    expect(hides({ field: 'delay', range: [null, 89] })).toBe(false)
    expect(hides({ field: 'delay', range: [91, null] })).toBe(false)
    const below = anAlert({ reason: aReason({ observed: -90 }) })
    expect(hides({ field: 'delay', direction: 'below' }, below)).toBe(true)
    const category = anAlert({ reason: aReason({ field: 'origin', observed: 'JFK', expected: 'LAX' }) })
    expect(hides({ field: 'origin' }, category)).toBe(true)
    expect(hides({ field: 'origin', direction: 'above' }, category)).toBe(false)
    expect(hides({ field: 'origin', range: [0, null] }, category)).toBe(false)
  })

  it('with a field hides no alert without reasons', () => {
    expect(hides({ field: 'delay' }, anAlert({ reason: null }))).toBe(false)
    expect(hides({ entity: 'JFK' }, anAlert({ reason: null }))).toBe(true)
  })

  it('hides no alert detected after its end', () => {
    const expiresAt = new Date(MONDAY).toISOString()
    expect(hides({ entity: 'JFK', expiresAt })).toBe(false)
    expect(hides({ entity: 'JFK', expiresAt }, anAlert({ detectedAtMs: MONDAY - 1 }))).toBe(true)
  })
})
