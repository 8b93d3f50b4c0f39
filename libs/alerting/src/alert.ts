import type { AlertEvent, FoundAnomaly, Reason, Severity } from '@outflow/contracts'

/** The fields that decide whether an alert is sent. */
export interface Alert extends Pick<FoundAnomaly, 'severity' | 'nll' | 'pValue' | 'eventTimeMs'> {
  /** Id of its event: `pipeline/topic/partition/offset` */
  readonly id: string
  /** The entity; null: the record has none. */
  readonly key: string | null
  /** The reason with the most bits; null: the anomaly has none. */
  readonly reason: Reason | null
  /** When its anomaly was written, epoch ms; grouping, cool-downs and quiet hours use this time. */
  readonly detectedAtMs: number
}

/** Returns the fields of an event that a decision uses. */
export function alertOf({ id, time, data }: AlertEvent, detectedAtMs: number): Alert {
  const { key, severity, nll, pValue, reasons } = data
  return { id, key, severity, nll, pValue, reason: reasons[0] ?? null, eventTimeMs: Date.parse(time), detectedAtMs }
}

/** Whether a reason's observed number is above or below the expected one; null: not a number, or equal. */
export function directionOf({ observed, expected }: Pick<Reason, 'observed' | 'expected'>): 'above' | 'below' | null {
  if (typeof observed !== 'number' || typeof expected !== 'number' || observed === expected) return null
  return observed > expected ? 'above' : 'below'
}

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high']

export const isBelow = (one: Severity, other: Severity): boolean => SEVERITIES.indexOf(one) < SEVERITIES.indexOf(other)

export const moreSevere = (one: Severity, other: Severity): Severity => (isBelow(one, other) ? other : one)
