import { expect, test } from 'vitest'
import { labelColumns } from './label-columns.js'

const HOUR_MS = 3_600_000
/** Berlin: the clocks are put back at 01:00 UTC. */
const CHANGE_MS = Date.UTC(2026, 9, 25, 1)
const toLocal = (timeMs: number) => timeMs + (timeMs < CHANGE_MS ? 2 : 1) * HOUR_MS

const labelsOf = (fromMs: number, stepMs: number, columns: number) =>
  labelColumns({ fromMs, stepMs, columns, most: 8, toLocal }).labels.map(({ column, width }) => {
    const local = new Date(toLocal(fromMs + column * stepMs)).toISOString()
    return `${local.slice(5, 16)} +${width}`
  })

test('labels are at round hours before and after the clocks change (18:00 was followed by 05:00)', () => {
  expect(labelsOf(Date.UTC(2026, 9, 24, 12), HOUR_MS, 36)).toEqual([
    '10-24T18:00 +6',
    '10-25T00:00 +7',
    '10-25T06:00 +6',
    '10-25T12:00 +6',
    '10-25T18:00 +7',
  ])
})

test('each day has one label when the clocks change (10-25 was there twice, 10-26 missing)', () => {
  const days = labelsOf(Date.UTC(2026, 9, 23, 8), 2 * HOUR_MS, 51).map((label) => label.slice(0, 5))
  expect(days).toEqual(['10-24', '10-25', '10-26', '10-27'])
})
