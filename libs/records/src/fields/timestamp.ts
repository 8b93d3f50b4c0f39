const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(?:(Z|UTC|[+-]\d\d(?::?\d\d)?)(?:\[[^\]]*\])?)?)?$/i
const EPOCH = /^\d{9,19}(?:\.\d{1,9})?$/
/** Longer texts are not times; the limit also bounds how long a pattern match takes. */
const LONGEST = 64

/** The unit of a numeric epoch time. */
export type EpochUnit = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/**
 * The unit of an epoch time, derived from its magnitude: seconds for 1973 to 2286, ms for 1973 to 9999, µs and ns for 1979 to 2286.
 * The ranges have gaps between them, so most times outside the years of their unit are rejected rather than read in another unit. Other
 * numbers, including 0 and negative ones, are not epoch times; a time in other years has to be written as ISO 8601.
 */
export function epochUnit(value: number): EpochUnit | null {
  return findUnit(value)?.unit ?? null
}

function findUnit(value: number) {
  return EPOCH_UNITS.find(({ from, to }) => value >= from && value < to)
}

const EPOCH_UNITS = [
  { unit: 'seconds', from: 1e8, to: 1e10, msOf: (seconds: number) => seconds * 1e3 },
  // Up to the end of the year 9999, which means "never" in many systems.
  { unit: 'milliseconds', from: 1e11, to: 253_402_300_800_000, msOf: (ms: number) => ms },
  { unit: 'microseconds', from: 3e14, to: 1e16, msOf: (us: number) => us / 1e3 },
  // By way of whole µs: a double has ns in steps of 256, by which a whole ms could end up just before itself.
  { unit: 'nanoseconds', from: 3e17, to: 1e19, msOf: (ns: number) => Math.round(ns / 1e3) / 1e3 },
] as const

/**
 * Returns epoch ms of an ISO 8601 time (without a zone: UTC), of `YYYY/MM/DD HH:MM`, or of an epoch time in seconds, ms, µs or ns as a
 * number or in digits (see `epochUnit`); `undefined` for anything else, including dates such as 30 February. A zone may be the word UTC,
 * as BigQuery writes it; the name of a zone after an offset, as in Java's `+01:00[Europe/Berlin]`, is ignored.
 */
export function parseTimestamp(value: string | number): number | undefined {
  if (typeof value === 'number') {
    return findUnit(value)?.msOf(value)
  }
  if (value.length > LONGEST) return undefined
  if (EPOCH.test(value)) return parseTimestamp(Number(value))
  const match = ISO.exec(value.trim())
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0))
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const fraction = match[7] ? Number(`0.${match[7]}`) * 1000 : 0
  const offset = zoneOffsetMs(match[8])
  if (offset === undefined) return undefined
  return Date.UTC(year + 400, month - 1, day, hour, minute, second) - MS_OF_400_YEARS + Math.floor(fraction) - offset
}

/** The calendar repeats after 400 years. Date.UTC adds 1900 to a year below 100. */
const MS_OF_400_YEARS = 146_097 * 86_400_000

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function zoneOffsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || (zone[0] !== '+' && zone[0] !== '-')) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || 0)
  if (hours > 18 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
