import { describe, expect, it } from 'vitest'
import { infer } from './test-builders.js'

describe('feature inference of one value over time', () => {
  const step = 300_000
  const series = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      at: new Date(Date.UTC(2026, 0, 1) + index * step).toISOString(),
      'cpu.load': (index * 37) % 91,
    }))

  it('adds the spread in two windows before the record, and leaves out the hour if there are few days', () => {
    const { features, leftOut } = infer(series(1_000))
    const window = { type: 'window', aggregate: 'std', of: '$["cpu.load"]', by: 'partition', at: '$.at', scale: 'log' }
    expect(features).toEqual([
      { path: '$["cpu.load"]', optional: false, type: 'numeric' },
      { ...window, name: 'cpu_load std 20m', over: '20m' },
      { ...window, name: 'cpu_load std 60m', over: '60m' },
    ])
    expect(leftOut).toEqual({ at: 'the records span 3.5 days, and 14 are needed to learn what is usual at an hour' })
    expect(infer(series(5_000)).kinds.slice(0, 2)).toEqual(['$.at cyclic day', '$["cpu.load"] numeric'])
  })

  it('has no window for a value a week, of which the longest window contains one (its deviation was a feature)', () => {
    const weekly = Array.from({ length: 400 }, (_, week) => ({
      on: new Date(Date.UTC(1990, 0, 1 + 7 * week)).toISOString().slice(0, 10),
      co2: 330 + ((week * 37) % 23),
    }))
    expect(infer(weekly).kinds).toEqual(['$.on cyclic year', '$.co2 numeric'])
  })

  it.each([
    ['another field is a feature', series(1_000).map((record, index) => ({ ...record, site: `s${index % 3}` }))],
    ['the times are in no order', series(1_000).map((_, index, all) => all[(index * 389) % 1_000]!)],
    [
      'some records have no time',
      series(1_000).map((record, index) => (index % 9 === 0 ? { ...record, at: '' } : record)),
    ],
    ['records are few', series(299)],
  ])('adds none where %s', (_, records) => {
    expect(infer(records).features.map(({ type }) => type)).not.toContain('window')
  })
})
