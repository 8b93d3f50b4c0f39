import { type Control, makeDecider } from '@outflow/alerting'
import type { Alert, AlertBucket, DetectionTarget, Severity } from '@outflow/contracts'
import { decide } from '@outflow/detector'
import type { DetectedAnomaly } from '@outflow/store/anomalies'

/** A number of anomalies, and of the alerts that they would have caused. */
export interface Share {
  anomalies: number
  alerts: number
}

type GroupKind = 'key' | 'reason' | 'quiet'

/** Counts the decisions on anomalies, which are added in the order of their detection. */
export function makeTally(control: Control) {
  const decider = makeDecider(control, [])
  const groups = { key: 0, reason: 0, quiet: 0 }
  const grouped = { key: 0, reason: 0, quiet: 0 }
  const hiddenBy = new Map<string, number>()
  const bySeverity = { high: aShare(), medium: aShare(), low: aShare() }
  const days = new Map<string, Share>()
  let [anomalies, sent, cooldown] = [0, 0, 0]

  const count = (what: keyof Share, severity: Severity, timeMs: number): void => {
    const day = new Date(timeMs).toISOString().slice(0, 10)
    const ofDay = days.get(day) ?? aShare()
    days.set(day, ofDay)
    ofDay[what] += 1
    bySeverity[severity][what] += 1
  }
  const countGroups = (closed: readonly AlertBucket[]): void => {
    for (const { kind, severity, closesAtMs } of closed) {
      groups[kind as GroupKind] += 1
      count('alerts', severity!, closesAtMs)
    }
  }
  return {
    add: (alert: Alert): void => {
      const { unsent, closed } = decider.decide(alert)
      anomalies += 1
      count('anomalies', alert.severity, alert.detectedAtMs)
      countGroups(closed)
      if (unsent === null) {
        sent += 1
        count('alerts', alert.severity, alert.detectedAtMs)
      } else if (unsent.ruleId !== null) hiddenBy.set(unsent.ruleId, (hiddenBy.get(unsent.ruleId) ?? 0) + 1)
      else if (unsent.because === 'cooldown') cooldown += 1
      else grouped[unsent.because as GroupKind] += 1
    },
    /** Closes all open groups, as the end of their buckets would. */
    end: () => {
      countGroups(decider.closeDue(Number.MAX_SAFE_INTEGER))
      return {
        anomalies,
        alerts: sent + groups.key + groups.reason + groups.quiet,
        sent,
        groups,
        /** Anomalies that would have been alerted in a group. */
        grouped,
        hidden: {
          cooldown,
          rules: [...hiddenBy].map(([id, hidden]) => ({ id, hidden })).sort((a, b) => Number(a.id) - Number(b.id)),
        },
        bySeverity,
        /** By UTC day: of detection for anomalies, of sending for alerts. */
        days: [...days].map(([day, share]) => ({ day, ...share })).sort((a, b) => (a.day < b.day ? -1 : 1)),
      }
    },
  }
}

const aShare = (): Share => ({ anomalies: 0, alerts: 0 })

/** The anomalies that a configured alert rate keeps, with their severities at it. It cannot add any: only p-values of anomalies are stored. */
export function atAlertRate(
  anomalies: readonly DetectedAnomaly[],
  { alertRate }: DetectionTarget,
): readonly DetectedAnomaly[] {
  if (alertRate === undefined) return anomalies
  const { anomalies: kept } = decide(
    Float64Array.from(anomalies, ({ pValue }) => pValue),
    { alertRate },
  )
  return kept.map(({ index, severity }) => ({ ...anomalies[index]!, severity }))
}
