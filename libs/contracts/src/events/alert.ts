import type { AlertBucketKind } from './alert-bucket.js'
import type { FoundAnomaly } from './found-anomaly.js'
import type { Reason } from './reason.js'

/** The fields that decide whether an alert is sent. */
export interface Alert extends Pick<FoundAnomaly, 'severity' | 'nll' | 'pValue' | 'eventTimeMs'> {
  /** Id of its event: `pipeline/topic/partition/offset` */
  readonly id: string
  /** The entity; null: the record has none. */
  readonly key: string | null
  /** The main reason; null: the anomaly has none. */
  readonly reason: Reason | null
  /** When its anomaly was written, epoch ms; grouping, cool-downs and quiet hours use this time. */
  readonly detectedAtMs: number
}

/** Why an alert is not sent individually: a rule or its key's cool-down hides it, or it is put into a group. */
export interface UnsentCause {
  readonly because: 'rule' | AlertBucketKind
  /** The rule that hides it; null: no rule. */
  readonly ruleId: string | null
  /** Its group; null: it is hidden. */
  readonly groupId: string | null
}
