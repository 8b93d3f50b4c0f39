import { z } from 'zod'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DAY = 1_440
const WEEK = 7 * DAY

/** A span of the week: days, times of the day, or both; several with `;` between them. */
export const weekSpans = z
  .string()
  .max(500)
  .refine((text) => parseWeek(text) !== null, 'allowed: days, times or both, such as "22:00-07:00; sat,sun"')

/**
 * Reads spans of the week, such as `mon 06:00-09:00` or `22:00-07:00; sat,sun`.
 *
 * Without days a span applies to every day, without times to the whole day. A time that ends before it begins ends on the next
 * day: `fri 22:00-07:00` ends on Saturday. Days may wrap as well: `sat-mon`.
 *
 * @returns the minutes of a week, [10,080]: 1 inside the spans, 0 outside; the first is Monday 00:00. null if the text has another form
 */
export function parseWeek(text: string): Uint8Array | null {
  const minutes = new Uint8Array(WEEK)
  for (const span of text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())) {
    const [, days = 'mon-sun', begin = '00:00', end = '24:00'] = SPAN.exec(span) ?? []
    const [from, to] = [minuteOfDay(begin), minuteOfDay(end)]
    if (span === '' || !SPAN.test(span) || from === to) return null
    for (const day of daysOf(days)) {
      const length = to > from ? to - from : to - from + DAY
      for (let minute = 0; minute < length; minute += 1) minutes[(day * DAY + from + minute) % WEEK] = 1
    }
  }
  return minutes
}

const DAY_NAME = `(?:${DAYS.join('|')})`
const DAY_LIST = `${DAY_NAME}(?:-${DAY_NAME})?(?:\\s*,\\s*${DAY_NAME}(?:-${DAY_NAME})?)*`
const FROM = '(?:[01]\\d|2[0-3]):[0-5]\\d'
const SPAN = new RegExp(`^(${DAY_LIST})?\\s*(?:(${FROM})-(${FROM}|24:00))?$`)

function minuteOfDay(time: string): number {
  const [hours, minutes] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** Numbers of the days of a list such as `mon-wed,sun`, Monday 0. */
function daysOf(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = '', last = first] = part.trim().split('-')
    const from = DAYS.indexOf(first)
    const count = ((DAYS.indexOf(last) - from + 7) % 7) + 1
    return Array.from({ length: count }, (_, place) => (from + place) % 7)
  })
}
