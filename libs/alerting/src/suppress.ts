import type { Alert, SuppressionRule } from '@outflow/contracts'
import { directionOf } from '@outflow/contracts/wording'
import { weekClock } from './week-clock.js'

/**
 * Returns the test whether a rule hides an alert: every condition that the rule sets is met. Field, direction and range apply to
 * the main reason, the first one; the time of the week to the event's time; the rule's end to the time of detection.
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
