import { describe, expect, it } from 'vitest'
import { parseWeek } from './week.js'

/** The selected spans of minutes, as `day minute` from and to. */
function spansOf(text: string): string {
  const minutes = parseWeek(text)
  if (minutes === null) return 'refused'
  const at = (minute: number) => `${Math.floor(minute / 1_440)} ${minute % 1_440}`
  const spans: string[] = []
  let from: number | null = null
  for (let minute = 0; minute <= minutes.length; minute += 1) {
    if (minutes[minute] === 1) from ??= minute
    else if (from !== null) {
      spans.push(`${at(from)} to ${at(minute)}`)
      from = null
    }
  }
  return spans.join(', ')
}

describe('spans of the week', () => {
  it('refuses many blanks in linear time', () => {
    expect(spansOf(`${' '.repeat(30_000)}x`)).toBe('refused')
  })

  it('consist of days, times, or both', () => {
    expect(spansOf('mon 06:00-09:00')).toBe('0 360 to 0 540')
    expect(spansOf('SAT, sun')).toBe('5 0 to 7 0')
    expect(spansOf('mon-tue,thu 00:00-00:01')).toBe('0 0 to 0 1, 1 0 to 1 1, 3 0 to 3 1')
    expect(spansOf('12:00-13:00').split(', ')).toHaveLength(7)
  })

  it('continue on the next day if they end before they begin, also from Sunday to Monday', () => {
    expect(spansOf('fri 22:00-07:00')).toBe('4 1320 to 5 420')
    expect(spansOf('sun 23:00-01:00')).toBe('0 0 to 0 60, 6 1380 to 7 0')
    expect(spansOf('sun-mon')).toBe('0 0 to 1 0, 6 0 to 7 0')
  })

  it('are combined if there are several', () => {
    expect(spansOf('mon 22:00-24:00; tue 00:00-06:00')).toBe('0 1320 to 1 360')
  })

  it.each([
    '',
    ' ',
    'monday',
    'mon 6:00-9:00',
    '24:00-06:00',
    '06:00-06:00',
    'mon;',
    'mon 06:00',
    'mon..fri',
    '25:00-26:00',
  ])('do not parse %j', (text) => expect(parseWeek(text)).toBeNull())
})
