import { expect, it } from 'vitest'
import { drawTable } from './table.js'

const options = {
  head: ['id', 'records', 'why'],
  rows: [
    ['05ea', '20,000', 'distance 3,983 is far above the 2,475 of LAX→JFK'],
    ['9b', 7, 'first'],
  ],
  aligns: ['left', 'right', 'left'] as const,
  widths: [6, 9, null],
}

it('has rules on a terminal, and cuts text that is too long', () => {
  expect(drawTable(options, { isTTY: true, columns: 45 }).split('\n')).toEqual([
    '┌──────┬─────────┬──────────────────────────┐',
    '│ id   │ records │ why                      │',
    '│ 05ea │  20,000 │ distance 3,983 is far a… │',
    '│ 9b   │       7 │ first                    │',
    '└──────┴─────────┴──────────────────────────┘',
  ])
})

it('has no rules on a terminal that is too narrow for them (it was a list), and lists the values of each row on a narrower one', () => {
  const narrow = {
    head: ['pipeline', 'lag'],
    rows: [
      ['orders', '0'],
      ['parcels', '17'],
    ],
    aligns: ['left', 'right'] as const,
  }
  expect(drawTable(narrow, { isTTY: true, columns: 18 })).toContain('│ orders   │   0 │')
  for (const columns of [17, 13])
    expect(drawTable(narrow, { isTTY: true, columns }).split('\n')).toEqual([
      'pipeline  lag',
      'orders      0',
      'parcels    17',
    ])
  expect(drawTable(narrow, { isTTY: true, columns: 12 }).split('\n')).toEqual([
    'pipeline  orders',
    'lag       0',
    '',
    'pipeline  parcels',
    'lag       17',
  ])
})

it('has rules on a terminal of 0 columns, whose size is unknown (each row was a list)', () => {
  expect(drawTable({ rows: [['1']], head: ['id'] }, { isTTY: true, columns: 0 })).toContain('│ id │')
})

it('has columns of complete text in a pipe', () => {
  expect(drawTable(options, { isTTY: false, columns: 45 }).split('\n')).toEqual([
    'id    records  why',
    '05ea   20,000  distance 3,983 is far above the 2,475 of LAX→JFK',
    '9b          7  first',
  ])
})

it('has no header by default', () => {
  expect(drawTable({ rows: [['scored', '20,000']] }, {})).toBe('scored  20,000')
})

it('shows line ends and tabs of a text as escapes (the reason of a rule could draw rows of its own)', () => {
  const rows = [['7', 'first\nsecond\tthird', '\u001b[1mbold\u001b[22m']]
  expect(drawTable({ rows }, {})).toBe('7  first\\u000asecond\\u0009third  \u001b[1mbold\u001b[22m')
})
