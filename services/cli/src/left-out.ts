import { nameOfPath } from '@outflow/contracts'
import type { LeftOut } from '@outflow/records'
import { formatCount } from '@outflow/terminal'

/** A map by id has thousands of keys. */
const MOST_NAMES = 5

/** The fields that are left out for one reason as one text: `user, order, always empty`. */
export function leftOutByReason(leftOut: readonly LeftOut[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { path, why } of leftOut) {
    const names = byReason.get(why)
    if (names === undefined) byReason.set(why, [nameOfPath(path)])
    else names.push(nameOfPath(path))
  }
  return [...byReason].map(([why, names]) => {
    const more = names.length > MOST_NAMES ? [`${formatCount(names.length - MOST_NAMES)} more`] : []
    return `${[...names.slice(0, MOST_NAMES), ...more].join(', ')}, ${why}`
  })
}
