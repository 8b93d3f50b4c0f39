import type { AlertWindow, AlertWindowKind, Reason } from '@outflow/contracts'
import { type Alert, directionOf, isBelow } from './alert.js'
import type { Control } from './control.js'
import { isHiddenBy } from './suppress.js'
import { gather, groupId, openWindow } from './window.js'

/** What becomes of an alert: it is sent singly; or a rule or a key's cool-down hides it; or it is gathered into a group. */
export type Fate =
  | { readonly is: 'sent' }
  | { readonly is: 'hidden'; readonly by: 'rule'; readonly ruleId: string }
  | { readonly is: 'hidden'; readonly by: 'cooldown' }
  | { readonly is: 'gathered'; readonly by: Exclude<AlertWindowKind, 'cooldown'>; readonly groupId: string }

export interface Decider {
  /** Decides on the next alert, in the order in which they were detected. Windows that close before it come first. */
  decide(alert: Alert): { readonly fate: Fate; readonly closed: readonly AlertWindow[] }
  /** Closes what is due at an instant, epoch ms; gives the windows that gathered something, in the order of their closing. */
  closeDue(nowMs: number): readonly AlertWindow[]
  /** The windows that are open. */
  open(): readonly AlertWindow[]
}

/**
 * Decides, one alert after the other, what is sent singly, hidden, or gathered into one alert about many. The outcome
 * follows from the control, the open windows and the alerts' own times; no clock is read.
 *
 * In this order: a rule hides it; or its key's cool-down, unless it is more severe than the alert that began it; or it is
 * gathered because hours are quiet; or because its key, or its main reason, has had its share of the window. Else it goes by
 * itself, and begins its key's cool-down.
 *
 * A window whose gathered alerts alone would have been a storm is followed by another without a share: as long as the storm
 * lasts it is alerted once a window. A group that would close in quiet hours waits for their end, unless it is too severe.
 *
 * @param windows  that are open: all that will be due, and of the alerts that will come all that `windowsOf` names
 */
export function makeDecider(control: Control, windows: Iterable<AlertWindow>): Decider {
  const { cooldownMs, grouping, quietHours } = control
  const suppressions = control.suppressions.map((rule) => ({ id: rule.id, hides: isHiddenBy(rule) }))
  const open = new Map<string, AlertWindow>()
  // None closes before this: with ten thousand keys that cool down, not every alert needs to look at each.
  let noneBeforeMs = Number.POSITIVE_INFINITY
  const put = (window: AlertWindow): void => {
    open.set(nameOf(window), window)
    noneBeforeMs = Math.min(noneBeforeMs, window.closesAtMs)
  }
  const find = (kind: AlertWindowKind, subject: string): AlertWindow | undefined => open.get(nameOf({ kind, subject }))
  for (const window of windows) put(window)

  const closingOf = ({ kind, closesAtMs, severity }: AlertWindow): number => {
    const mayWait = (kind === 'key' || kind === 'reason') && severity !== null && quietHours !== null
    const waits = mayWait && isBelow(severity, quietHours.below) && quietHours.week.contains(closesAtMs)
    return waits ? quietHours.week.endAfter(closesAtMs) : closesAtMs
  }

  const successorOf = ({ kind, subject, count }: AlertWindow, opensAtMs: number): AlertWindow | null => {
    if (grouping === null || (kind !== 'key' && kind !== 'reason') || count <= shareOf(kind, grouping)) return null
    return openWindow({ kind, subject, opensAtMs, closesAtMs: opensAtMs + grouping.windowMs })
  }

  const closeDue = (nowMs: number): readonly AlertWindow[] => {
    const closed: AlertWindow[] = []
    while (noneBeforeMs <= nowMs) {
      const closings = [...open.values()].map((window) => ({ window, closing: closingOf(window) }))
      noneBeforeMs = closings.reduce((least, { closing }) => Math.min(least, closing), Number.POSITIVE_INFINITY)
      const due = closings.filter(({ closing }) => closing === noneBeforeMs && closing <= nowMs)
      for (const { window, closing } of due.sort((a, b) => (nameOf(a.window) < nameOf(b.window) ? -1 : 1))) {
        open.delete(nameOf(window))
        if (window.kind !== 'cooldown' && window.count > 0) closed.push(window)
        const successor = successorOf(window, closing)
        if (successor !== null) put(successor)
      }
    }
    return closed
  }

  const isCoolingDown = ({ key, severity }: Alert): AlertWindow | undefined => {
    if (cooldownMs === null || key === null) return undefined
    const window = find('cooldown', key)
    return window !== undefined && !isBelow(window.severity!, severity) ? window : undefined
  }

  const gatheringOf = (alert: Alert): AlertWindow | undefined => {
    const { detectedAtMs: opensAtMs, severity } = alert
    if (quietHours !== null && isBelow(severity, quietHours.below) && quietHours.week.contains(opensAtMs)) {
      const closesAtMs = quietHours.week.endAfter(opensAtMs)
      return find('quiet', '') ?? openWindow({ kind: 'quiet', subject: '', opensAtMs, closesAtMs })
    }
    if (grouping === null) return undefined
    return sharing(alert).find((window) => window.allowance === 0)
  }

  /** The windows in which an alert that is sent singly takes of a share. */
  const sharing = ({ key, reason, detectedAtMs: opensAtMs }: Alert): readonly AlertWindow[] => {
    if (grouping === null) return []
    const window = (kind: 'key' | 'reason', subject: string): AlertWindow =>
      find(kind, subject) ??
      openWindow({
        kind,
        subject,
        opensAtMs,
        closesAtMs: opensAtMs + grouping.windowMs,
        allowance: shareOf(kind, grouping),
      })
    return [
      ...(key === null ? [] : [window('key', key)]),
      ...(reason === null ? [] : [window('reason', reasonSubject(reason))]),
    ]
  }

  const send = (alert: Alert): Fate => {
    const { key, severity, detectedAtMs: opensAtMs } = alert
    for (const window of sharing(alert)) put({ ...window, allowance: window.allowance - 1, sent: window.sent + 1 })
    if (cooldownMs !== null && key !== null) {
      const closesAtMs = opensAtMs + cooldownMs
      put({ ...openWindow({ kind: 'cooldown', subject: key, opensAtMs, closesAtMs }), severity })
    }
    return { is: 'sent' }
  }

  const fateOf = (alert: Alert): Fate => {
    const rule = suppressions.find(({ hides }) => hides(alert))
    if (rule !== undefined) return { is: 'hidden', by: 'rule', ruleId: rule.id }
    const cooling = isCoolingDown(alert)
    if (cooling !== undefined) {
      put({ ...cooling, count: cooling.count + 1 })
      return { is: 'hidden', by: 'cooldown' }
    }
    const gathering = gatheringOf(alert)
    if (gathering === undefined) return send(alert)
    const gathered = gather(gathering, alert)
    put(gathered)
    return { is: 'gathered', by: gathered.kind as Exclude<AlertWindowKind, 'cooldown'>, groupId: groupId(gathered) }
  }

  return {
    decide: (alert) => {
      const closed = closeDue(alert.detectedAtMs)
      return { fate: fateOf(alert), closed }
    },
    closeDue,
    open: () => [...open.values()],
  }
}

/** The windows that an alert may change; a decider is handed those of them that are open. */
export function windowsOf({
  key,
  reason,
}: Pick<Alert, 'key' | 'reason'>): readonly Pick<AlertWindow, 'kind' | 'subject'>[] {
  return [
    { kind: 'quiet', subject: '' },
    ...(key === null ? [] : (['key', 'cooldown'] as const).map((kind) => ({ kind, subject: key }))),
    ...(reason === null ? [] : [{ kind: 'reason' as const, subject: reasonSubject(reason) }]),
  ]
}

const reasonSubject = (reason: Reason): string => JSON.stringify([reason.field, directionOf(reason)])

const nameOf = ({ kind, subject }: Pick<AlertWindow, 'kind' | 'subject'>): string => `${kind} ${subject}`

const shareOf = (kind: 'key' | 'reason', { perKey, perReason }: NonNullable<Control['grouping']>): number =>
  kind === 'key' ? perKey : perReason
