import type { SuppressionRule } from '@outflow/contracts'
import { type Alert, directionOf } from './alert.js'
import { weekClock } from './week-clock.js'

/**
 * Makes the test whether a rule hides an alert: all that it names holds. Field, direction and range are those of the main reason,
 * the one of the most bits; the time of the week is the event's; the rule's end is held against the time of detection.
 */
export function isHiddenBy(rule: SuppressionRule): (alert: Alert) => boolean {
  const { entity, field, direction, range, timeOfWeek, zone } = rule
  const week = timeOfWeek === null ? null : weekClock(timeOfWeek, zone)
  const expiresAtMs = rule.expiresAt.getTime()
  return ({ key, reason, eventTimeMs, detectedAtMs }) =>
    detectedAtMs < expiresAtMs &&
    (entity === null || entity === key) &&
    (field === null || field === reason?.field) &&
    (direction === null || (reason !== null && direction === directionOf(reason))) &&
    (range === null || isWithin(range, reason?.observed)) &&
    (week === null || week.contains(eventTimeMs))
}

function isWithin([least, largest]: readonly [number | null, number | null], observed: unknown): boolean {
  if (typeof observed !== 'number') return false
  return (least === null || observed >= least) && (largest === null || observed <= largest)
}
