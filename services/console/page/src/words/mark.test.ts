import { expect, test } from 'vitest'
import type { Mark } from '../api/types.js'
import { formatTime } from './format.js'
import { groupMarks, markInWords } from './mark.js'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const mark = (kind: Mark['kind'], minute: number, others: Partial<Mark> = {}): Mark => ({
  ...{ kind, at: at(minute), firstAt: at(minute), subject: 'm', detail: 'promote', count: 1 },
  ...others,
})

test('issue 20: marks that would overlap are merged into one with the count of events and the most important kind', () => {
  const marks = [mark('model', 30), mark('drift', 11), mark('model', 10, { firstAt: at(8), count: 3 })]
  const groups = groupMarks(marks, 5 * 60_000)
  expect(groups).toMatchObject([
    { count: 4, startMs: Date.parse(at(8)), endMs: Date.parse(at(11)), marks: [{ kind: 'drift' }, { kind: 'model' }] },
    { count: 1, marks: [{ kind: 'model', at: at(30) }] },
  ])
  expect(groupMarks(marks, 1_000)).toHaveLength(3)
})

test('a mark of several events describes the newest and counts the others', () => {
  expect(markInWords(mark('model', 10, { firstAt: at(8), count: 3 }))).toBe(
    `${formatTime(at(10))} model m promoted (and 2 since ${formatTime(at(8))})`,
  )
})
