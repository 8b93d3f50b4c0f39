import type { Alert, Reason } from '@outflow/contracts'

export const MONDAY = Date.parse('2026-11-23T08:00:00Z')

export function aReason(overrides: Partial<Reason> = {}): Reason {
  return {
    field: 'delay',
    bits: 12,
    observed: 90,
    expected: 5,
    range: [-10, 30],
    text: 'delay 90 is high',
    ...overrides,
  }
}

/** An alert of JFK on a Monday at eight, whose delay is far above the expected. */
export function anAlert(overrides: Partial<Alert> = {}): Alert {
  return {
    id: 'flights/flights/0/1',
    key: 'JFK',
    severity: 'medium',
    nll: 20,
    pValue: 0.001,
    reason: aReason(),
    eventTimeMs: MONDAY,
    detectedAtMs: MONDAY,
    ...overrides,
  }
}
