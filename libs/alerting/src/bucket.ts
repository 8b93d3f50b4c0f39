import type { Alert, AlertBucket } from '@outflow/contracts'
import { moreSevere } from './alert.js'

/** Enough examples to see common features of the alerts, few enough to read quickly. */
const MOST_EXAMPLES = 5

/** Returns an empty bucket. */
export function openBucket(
  own: Pick<AlertBucket, 'kind' | 'subject' | 'closesAtMs'> & { readonly allowance?: number },
): AlertBucket {
  const nothing = { sent: 0, count: 0, severity: null, firstId: null, firstAtMs: null, lastAtMs: null, examples: [] }
  return { allowance: 0, ...own, ...nothing }
}

/** Returns the bucket with one more grouped alert. */
export function addToGroup(bucket: AlertBucket, alert: Alert): AlertBucket {
  const { id, key, severity, nll, pValue, reason, eventTimeMs, detectedAtMs } = alert
  const example = { id, key, severity, nll, pValue, reason: reason?.text ?? null, eventTimeMs }
  return {
    ...bucket,
    count: bucket.count + 1,
    severity: bucket.severity === null ? severity : moreSevere(bucket.severity, severity),
    firstId: bucket.firstId ?? id,
    firstAtMs: Math.min(bucket.firstAtMs ?? detectedAtMs, detectedAtMs),
    lastAtMs: Math.max(bucket.lastAtMs ?? detectedAtMs, detectedAtMs),
    // Of equal p-values the earlier comes first: the sort is stable.
    examples: [...bucket.examples, example].sort((a, b) => b.nll - a.nll).slice(0, MOST_EXAMPLES),
  }
}

/** The fields that identify a bucket among the open ones of a pipeline. */
export type BucketKey = Pick<AlertBucket, 'kind' | 'subject'>

export const bucketName = ({ kind, subject }: BucketKey): string => `${kind} ${subject}`

/** The id of a bucket's group event: the id of the first grouped alert, followed by `/group`. */
export const groupId = ({ firstId }: Pick<AlertBucket, 'firstId'>): string => `${firstId}/group`
