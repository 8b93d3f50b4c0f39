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

/** Marks that are drawn as one, because they would overlap. */
interface MarkGroup {
  readonly startMs: number
  readonly endMs: number
  /** Number of events. */
  readonly count: number
  /** The most important first. */
  readonly marks: readonly [Mark, ...Mark[]]
}

/** Groups marks, so that the groups begin at least `gapMs` apart; in order of time. */
export function groupMarks(marks: readonly Mark[], gapMs: number): readonly MarkGroup[] {
  const groups: MarkGroup[] = []
  for (const mark of marks.toSorted((a, b) => Date.parse(a.firstAt) - Date.parse(b.firstAt))) {
    const [startMs, endMs] = [Date.parse(mark.firstAt), Date.parse(mark.at)]
    const last = groups.at(-1)
    if (last === undefined || startMs - last.startMs >= gapMs) {
      groups.push({ startMs, endMs, count: mark.count, marks: [mark] })
    } else {
      groups[groups.length - 1] = {
        startMs: last.startMs,
        endMs: Math.max(last.endMs, endMs),
        count: last.count + mark.count,
        marks: [...last.marks, mark].toSorted((a, b) => RANKS[a.kind] - RANKS[b.kind]) as [Mark, ...Mark[]],
      }
    }
  }
  return groups
}

const RANKS: Readonly<Record<Mark['kind'], number>> = { health: 0, drift: 1, model: 2, suppression: 3 }
