import type { Suppression } from '../api/types.js'
import { formatValue } from './format.js'

type Bounds = readonly [number | null, number | null] | null

/** The alerts that a rule hides, such as "JFK, where delay is above normal and at most 90, mon 06:00-09:00 (Europe/Berlin)". */
export function ruleInWords(
  rule: Readonly<Pick<Suppression, 'entity' | 'field' | 'direction' | 'timeOfWeek' | 'zone'>> & {
    readonly range: Bounds
  },
): string {
  const { entity, field, direction, range, timeOfWeek, zone } = rule
  const parts = [entity ?? 'any key']
  if (field !== null) {
    const bounds = [direction === null ? null : `${direction} normal`, boundsInWords(range)].filter(
      (part) => part !== null,
    )
    parts.push(bounds.length === 0 ? `for its ${field}` : `where ${field} is ${bounds.join(' and ')}`)
  }
  if (timeOfWeek !== null) parts.push(`${timeOfWeek} (${zone})`)
  return parts.join(', ')
}

function boundsInWords(range: Bounds): string | null {
  if (range === null) return null
  const [least, largest] = range
  if (least !== null && largest !== null) return `from ${formatValue(least)} to ${formatValue(largest)}`
  if (least !== null) return `at least ${formatValue(least)}`
  return largest === null ? null : `at most ${formatValue(largest)}`
}
