const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i
const EPOCH_MS = /^-?\d{11,16}$/
/** The span of ECMAScript time, ± 100 million days around 1970. */
const LIMIT_MS = 8.64e15

/**
 * Gives epoch ms of an ISO 8601 time (without a zone: UTC), of `YYYY/MM/DD HH:MM`, or of epoch ms as a number or in
 * digits; `undefined` for anything else, a 30th of February included.
 */
export function parseTimestamp(value: string | number): number | undefined {
  if (typeof value === 'number') return Math.abs(value) <= LIMIT_MS ? value : undefined
  if (EPOCH_MS.test(value)) return parseTimestamp(Number(value))
  const match = ISO.exec(value.trim())
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0)) as Six
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const fraction = match[7] ? Number(`0.${match[7]}`) * 1000 : 0
  const offset = zoneOffsetMs(match[8])
  if (offset === undefined) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second) + Math.floor(fraction) - offset
}

type Six = [number, number, number, number, number, number]

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function zoneOffsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || 0)
  if (hours > 18 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
