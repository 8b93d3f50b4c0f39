import type { Alert, AlertEvent, Severity } from '@outflow/contracts'

/** Returns the fields of an event that a decision uses. */
export function alertOf({ id, time, data }: AlertEvent, detectedAtMs: number): Alert {
  const { key, severity, nll, pValue, reasons } = data
  return { id, key, severity, nll, pValue, reason: reasons[0] ?? null, eventTimeMs: Date.parse(time), detectedAtMs }
}

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high']

export const isBelow = (one: Severity, other: Severity): boolean => SEVERITIES.indexOf(one) < SEVERITIES.indexOf(other)

export const moreSevere = (one: Severity, other: Severity): Severity => (isBelow(one, other) ? other : one)
