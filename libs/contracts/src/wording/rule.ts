import type { SuppressionRule } from '../suppression.js'
import { formatNumber } from './number.js'

/** Formats the alerts that a rule hides, such as "JFK, where delay is above normal and at most 90, mon 06:00-09:00 (Europe/Berlin)". */
export function formatRule(rule: Readonly<Omit<SuppressionRule, 'expiresAt'>>): string {
  const { entity, field, direction, range, timeOfWeek, zone } = rule
  const parts = [entity ?? 'any key']
  if (field !== null) {
    const bounds = [direction === null ? null : `${direction} normal`, formatBounds(range)].filter(
      (part) => part !== null,
    )
    parts.push(bounds.length === 0 ? `for its ${field}` : `where ${field} is ${bounds.join(' and ')}`)
  }
  if (timeOfWeek !== null) parts.push(`${timeOfWeek} (${zone})`)
  return parts.join(', ')
}

function formatBounds(range: SuppressionRule['range']): string | null {
  if (range === null) return null
  const [least, largest] = range
  if (least !== null && largest !== null) return `from ${formatNumber(least)} to ${formatNumber(largest)}`
  if (least !== null) return `at least ${formatNumber(least)}`
  return largest === null ? null : `at most ${formatNumber(largest)}`
}
