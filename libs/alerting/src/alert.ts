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

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high']

export const isBelow = (one: Severity, other: Severity): boolean => SEVERITIES.indexOf(one) < SEVERITIES.indexOf(other)

export const moreSevere = (one: Severity, other: Severity): Severity => (isBelow(one, other) ? other : one)
