/**
 * What the clocks of a zone show at an instant, summer time included, as epoch ms that read so in UTC.
 *
 * @param zone  IANA name; absent: UTC
 * @param time  epoch ms; NaN stays NaN
 */
export function toLocal(zone: string | undefined, time: number): number {
  if (zone === undefined || Number.isNaN(time)) return time
  return Math.max(-LIMIT_MS, Math.min(LIMIT_MS, time + offsetMs(zone, time)))
}

/**
 * The instant at which the clocks of a zone show a time. Of the hour that they show twice it is the first; in the one that
 * they skip it is as if they had not been put forward yet.
 */
export function fromLocal(zone: string | undefined, local: number): number {
  if (zone === undefined) return local
  const byYesterdays = local - offsetMs(zone, local - DAY_MS)
  if (toLocal(zone, byYesterdays) === local) return byYesterdays
  const byTomorrows = local - offsetMs(zone, local + DAY_MS)
  return toLocal(zone, byTomorrows) === local ? byTomorrows : byYesterdays
}

/** The span of ECMAScript time. */
const LIMIT_MS = 8.64e15

const DAY_MS = 86_400_000

/** Clocks are put forward and back at whole quarters of an hour of UTC, and Intl takes microseconds to compute the offset. */
const QUARTER_MS = 900_000
/** A hundred years of quarters would be 3.5 million. */
const REMEMBERED = 10_000

interface Zone {
  readonly format: Intl.DateTimeFormat
  readonly offsets: Map<number, number>
}

const zones = new Map<string, Zone>()

function offsetMs(name: string, time: number): number {
  let zone = zones.get(name)
  if (zone === undefined) {
    zone = { format: new Intl.DateTimeFormat('en-US', { ...PARTS, timeZone: name }), offsets: new Map() }
    zones.set(name, zone)
  }
  const quarter = Math.floor(time / QUARTER_MS)
  const known = zone.offsets.get(quarter)
  if (known !== undefined) return known
  // NaN where the clocks would show what no Date can hold.
  const offset = clockAt(zone.format, quarter * QUARTER_MS) - quarter * QUARTER_MS || 0
  if (zone.offsets.size >= REMEMBERED) zone.offsets.clear()
  zone.offsets.set(quarter, offset)
  return offset
}

const PARTS = {
  calendar: 'gregory',
  hourCycle: 'h23',
  era: 'short',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const

function clockAt(format: Intl.DateTimeFormat, time: number): number {
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year)
  const clock = new Date(0)
  clock.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day))
  clock.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second))
  return clock.getTime()
}
