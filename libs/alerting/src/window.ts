import type { AlertWindow } from '@outflow/contracts'
import { type Alert, moreSevere } from './alert.js'

/** Enough to see what they have in common, and still read in one look. */
const MOST_EXAMPLES = 5

/** Gives a window in which nothing has happened. */
export function openWindow(
  own: Pick<AlertWindow, 'kind' | 'subject' | 'opensAtMs' | 'closesAtMs'> & { readonly allowance?: number },
): AlertWindow {
  const nothing = { sent: 0, count: 0, severity: null, firstId: null, firstAtMs: null, lastAtMs: null, examples: [] }
  return { allowance: 0, ...own, ...nothing }
}

/** Gives the window with one more gathered. */
export function gather(window: AlertWindow, alert: Alert): AlertWindow {
  const { id, key, severity, nll, pValue, reason, eventTimeMs, detectedAtMs } = alert
  const example = { id, key, severity, nll, pValue, reason: reason?.text ?? null, eventTimeMs }
  return {
    ...window,
    count: window.count + 1,
    severity: window.severity === null ? severity : moreSevere(window.severity, severity),
    firstId: window.firstId ?? id,
    firstAtMs: Math.min(window.firstAtMs ?? detectedAtMs, detectedAtMs),
    lastAtMs: Math.max(window.lastAtMs ?? detectedAtMs, detectedAtMs),
    // The earlier of two that are as strange comes first: a sort keeps their order.
    examples: [...window.examples, example].sort((a, b) => b.nll - a.nll).slice(0, MOST_EXAMPLES),
  }
}

/** The id of what is sent about a window: that of its first alert, and that it is a group. */
export const groupId = ({ firstId }: Pick<AlertWindow, 'firstId'>): string => `${firstId}/group`
