import type { Mark } from '../api/types.js'
import { formatName, formatTime, shortId } from './format.js'

/** The events of a mark in words, such as "2026-11-25 18:58:19 model 1a2b3c4d promoted". */
export function markInWords(mark: Mark): string {
  const others = mark.count === 1 ? '' : ` (and ${mark.count - 1} since ${formatTime(mark.firstAt)})`
  return `${formatTime(mark.at)} ${eventInWords(mark)}${others}`
}

function eventInWords({ kind, subject, detail }: Mark): string {
  if (kind === 'model') return `model ${shortId(subject)} ${detail === 'rollback' ? 'active again' : 'promoted'}`
  if (kind === 'drift') return `drift: ${subject}`
  if (kind === 'health') return `${formatName(subject)}: ${detail ?? ''}`
  return `alerts hidden: ${detail ?? ''}`
}

/**
 * Groups marks that would overlap, so that the groups begin at least `gapMs` apart; in order of time. `count` is the number of events of a
 * group; the most important of its marks is the first.
 */
export function groupMarks(marks: readonly Mark[], gapMs: number) {
  const groups: [Mark, ...Mark[]][] = []
  for (const mark of marks.toSorted((a, b) => startOf(a) - startOf(b))) {
    const last = groups.at(-1)
    if (last !== undefined && startOf(mark) - startOf(last[0]) < gapMs) last.push(mark)
    else groups.push([mark])
  }
  return groups.map((group) => ({
    startMs: startOf(group[0]),
    endMs: Math.max(...group.map(({ at }) => Date.parse(at))),
    count: group.reduce((sum, { count }) => sum + count, 0),
    marks: group.toSorted((a, b) => RANKS[a.kind] - RANKS[b.kind]) as [Mark, ...Mark[]],
  }))
}

const startOf = ({ firstAt }: Mark): number => Date.parse(firstAt)

const RANKS: Readonly<Record<Mark['kind'], number>> = { health: 0, drift: 1, model: 2, suppression: 3 }
