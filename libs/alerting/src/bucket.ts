import type { AlertBucket } from '@outflow/contracts'
import { type Alert, moreSevere } from './alert.js'

/** Enough to see what they have in common, and still read in one look. */
const MOST_EXAMPLES = 5

/** Returns a bucket in which nothing has happened. */
export function openBucket(
  own: Pick<AlertBucket, 'kind' | 'subject' | 'opensAtMs' | 'closesAtMs'> & { readonly allowance?: number },
): AlertBucket {
  const nothing = { sent: 0, count: 0, severity: null, firstId: null, firstAtMs: null, lastAtMs: null, examples: [] }
  return { allowance: 0, ...own, ...nothing }
}

/** Returns the bucket with one more gathered. */
export function gather(bucket: AlertBucket, alert: Alert): AlertBucket {
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

/** The id of what is sent about a bucket: that of its first alert, and that it is a group. */
export const groupId = ({ firstId }: Pick<AlertBucket, 'firstId'>): string => `${firstId}/group`
