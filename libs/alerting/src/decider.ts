import type {
  Alert,
  AlertBucket,
  AlertBucketKind,
  Config,
  Reason,
  Severity,
  SuppressionRule,
  UnsentCause,
} from '@outflow/contracts'
import { directionOf } from '@outflow/contracts/wording'
import { isBelow } from './alert.js'
import { addToGroup, type BucketKey, bucketName, groupId, openBucket } from './bucket.js'
import { isHiddenBy } from './suppress.js'
import { weekClock } from './week-clock.js'

/** What limits how many alerts are sent: settings of outflow.yaml, and the stored rules. */
export interface Control extends Pick<Config['alerts'], 'cooldown' | 'grouping' | 'quietHours'> {
  readonly suppressions: readonly (SuppressionRule & { readonly id: string })[]
}

export type Decider = ReturnType<typeof makeDecider>

/**
 * Decides for one alert after the other whether it is sent individually, hidden, or grouped into one alert about many, in the order that
 * the README states. The outcome depends only on the control, the open buckets and the times of the alerts.
 *
 * @param buckets  the open buckets: all that become due, and all that `bucketsOf` returns for the alerts to decide on
 */
export function makeDecider(control: Control, buckets: Iterable<AlertBucket>) {
  const { cooldown: cooldownMs, grouping, quietHours } = control
  const quiet = quietHours && { below: quietHours.below, week: weekClock(quietHours.when, quietHours.zone) }
  /** By entity, null for the rules of any: with thousands of rules, an alert does not have to check each of them. */
  const suppressions = new Map<string | null, { place: number; id: string; hides: (alert: Alert) => boolean }[]>()
  for (const [place, rule] of control.suppressions.entries()) {
    const sameEntity = suppressions.get(rule.entity) ?? []
    suppressions.set(rule.entity, sameEntity)
    sameEntity.push({ place, id: rule.id, hides: isHiddenBy(rule) })
  }
  const open = new Map<string, AlertBucket>()
  /** By key. Those that have ended stay until `closeDue`: with a hundred thousand keys, an alert does not have to check each of them. */
  const coolDowns = new Map<string, AlertBucket>()
  /** No bucket in `open` closes before this. */
  let earliestClosingMs = Number.POSITIVE_INFINITY
  const put = (bucket: AlertBucket): void => {
    if (bucket.kind === 'cooldown') return void coolDowns.set(bucket.subject, bucket)
    open.set(bucketName(bucket), bucket)
    earliestClosingMs = Math.min(earliestClosingMs, bucket.closesAtMs)
  }
  const find = (kind: AlertBucketKind, subject: string): AlertBucket | undefined =>
    open.get(bucketName({ kind, subject }))
  for (const bucket of buckets) put(bucket)

  /** The end of the quiet hours that hold back an alert of a severity at a time; undefined: none do. */
  const quietUntil = (timeMs: number, severity: Severity): number | undefined =>
    quiet && isBelow(severity, quiet.below) && quiet.week.contains(timeMs) ? quiet.week.endAfter(timeMs) : undefined

  const closingOf = ({ kind, closesAtMs, severity }: AlertBucket): number => {
    const mayWait = (kind === 'key' || kind === 'reason') && severity !== null
    return (mayWait ? quietUntil(closesAtMs, severity) : undefined) ?? closesAtMs
  }

  const putSuccessor = ({ kind, subject, count }: AlertBucket, closedAtMs: number): void => {
    if (grouping === undefined || (kind !== 'key' && kind !== 'reason') || count <= allowanceOf(kind, grouping)) return
    put(openBucket({ kind, subject, closesAtMs: closedAtMs + grouping.bucket }))
  }

  const closeGroups = (nowMs: number): readonly AlertBucket[] => {
    if (earliestClosingMs > nowMs) return []
    earliestClosingMs = Number.POSITIVE_INFINITY
    const closed: AlertBucket[] = []
    // One pass for any number of closing times: a successor is added behind the others, and is reached as well.
    for (const [name, bucket] of open) {
      const closesAtMs = closingOf(bucket)
      if (closesAtMs > nowMs) {
        earliestClosingMs = Math.min(earliestClosingMs, closesAtMs)
        continue
      }
      open.delete(name)
      if (bucket.count > 0) closed.push({ ...bucket, closesAtMs })
      putSuccessor(bucket, closesAtMs)
    }
    return closed.sort((a, b) => a.closesAtMs - b.closesAtMs || (bucketName(a) < bucketName(b) ? -1 : 1))
  }

  const coolDownOf = ({ key, severity, detectedAtMs }: Alert): AlertBucket | undefined => {
    if (cooldownMs === undefined || key === null) return undefined
    const bucket = coolDowns.get(key)
    return bucket && bucket.closesAtMs > detectedAtMs && !isBelow(bucket.severity!, severity) ? bucket : undefined
  }

  const groupingBucketOf = (alert: Alert): AlertBucket | undefined => {
    const closesAtMs = quietUntil(alert.detectedAtMs, alert.severity)
    if (closesAtMs === undefined) return countedBucketsOf(alert).find((bucket) => bucket.allowance === 0)
    return find('quiet', '') ?? openBucket({ kind: 'quiet', subject: '', closesAtMs })
  }

  /** The buckets whose allowances an alert uses when it is sent individually. */
  const countedBucketsOf = ({ key, reason, detectedAtMs }: Alert): readonly AlertBucket[] => {
    if (grouping === undefined) return []
    const bucket = (kind: 'key' | 'reason', subject: string): AlertBucket =>
      find(kind, subject) ??
      openBucket({ kind, subject, closesAtMs: detectedAtMs + grouping.bucket, allowance: allowanceOf(kind, grouping) })
    return [
      ...(key === null ? [] : [bucket('key', key)]),
      ...(reason === null ? [] : [bucket('reason', reasonSubject(reason))]),
    ]
  }

  const send = (alert: Alert): void => {
    const { key, severity, detectedAtMs } = alert
    for (const bucket of countedBucketsOf(alert)) {
      put({ ...bucket, allowance: bucket.allowance - 1, sent: bucket.sent + 1 })
    }
    if (cooldownMs !== undefined && key !== null) {
      const closesAtMs = detectedAtMs + cooldownMs
      put({ ...openBucket({ kind: 'cooldown', subject: key, closesAtMs }), severity })
    }
  }

  const ruleHiding = (alert: Alert) => {
    const firstOf = (entity: string | null) => suppressions.get(entity)?.find(({ hides }) => hides(alert))
    const [general, own] = [firstOf(null), firstOf(alert.key)]
    if (general === undefined || own === undefined) return general ?? own
    return general.place < own.place ? general : own
  }

  const unsentOf = (alert: Alert): UnsentCause | null => {
    const rule = ruleHiding(alert)
    if (rule !== undefined) return { because: 'rule', ruleId: rule.id, groupId: null }
    const cooling = coolDownOf(alert)
    if (cooling !== undefined) {
      put({ ...cooling, count: cooling.count + 1 })
      return { because: 'cooldown', ruleId: null, groupId: null }
    }
    const bucket = groupingBucketOf(alert)
    if (bucket === undefined) {
      send(alert)
      return null
    }
    const grouped = addToGroup(bucket, alert)
    put(grouped)
    return { because: grouped.kind, ruleId: null, groupId: groupId(grouped) }
  }

  return {
    /**
     * Decides on the next alert, in order of detection.
     *
     * @returns unsent: null if it is sent individually; closed: the buckets with grouped alerts that closed before it
     */
    decide: (alert: Alert) => {
      const closed = closeGroups(alert.detectedAtMs)
      return { unsent: unsentOf(alert), closed }
    },
    /** Closes the buckets due at `nowMs`, epoch ms; returns those that grouped alerts, in the order of their closing and with its time. */
    closeDue: (nowMs: number) => {
      for (const [key, { closesAtMs }] of coolDowns) if (closesAtMs <= nowMs) coolDowns.delete(key)
      return closeGroups(nowMs)
    },
    open: () => [...open.values(), ...coolDowns.values()],
  }
}

/** The buckets that an alert may change; `makeDecider` is passed those of them that are open. */
export function bucketsOf({ key, reason }: Pick<Alert, 'key' | 'reason'>): readonly BucketKey[] {
  return [
    { kind: 'quiet', subject: '' },
    ...(key === null ? [] : (['key', 'cooldown'] as const).map((kind) => ({ kind, subject: key }))),
    ...(reason === null ? [] : [{ kind: 'reason' as const, subject: reasonSubject(reason) }]),
  ]
}

const reasonSubject = (reason: Reason): string => JSON.stringify([reason.field, directionOf(reason)])

const allowanceOf = (kind: 'key' | 'reason', { perKey, perReason }: NonNullable<Control['grouping']>): number =>
  kind === 'key' ? perKey : perReason
