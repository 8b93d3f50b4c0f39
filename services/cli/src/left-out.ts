import { nameOfPath } from '@outflow/contracts/feature'
import type { LeftOut } from '@outflow/records'
import { formatCount, formatCounted } from '@outflow/terminal'

/** A map by id has thousands of keys. */
const MOST_NAMES = 5
/** Constants have different reasons, and in a single record all fields are constant. */
const MOST_REASONS = 20

/** The fields that are left out for one reason as one text: `user, order, always empty`. */
export function leftOutByReason(leftOut: readonly LeftOut[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { path, why } of leftOut) {
    const names = byReason.get(why)
    if (names === undefined) byReason.set(why, [nameOfPath(path)])
    else names.push(nameOfPath(path))
  }
  const texts = [...byReason].slice(0, MOST_REASONS).map(([why, names]) => {
    const more = names.length > MOST_NAMES ? [`${formatCount(names.length - MOST_NAMES)} more`] : []
    return `${[...names.slice(0, MOST_NAMES), ...more].join(', ')}, ${why}`
  })
  const others = [...byReason.values()].slice(MOST_REASONS).flat().length
  return others > 0 ? [...texts, formatCounted(others, 'other field')] : texts
}
