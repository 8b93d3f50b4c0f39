/**
 * The local time of a zone at an instant, with daylight saving, as the epoch ms at which UTC has the same date and time.
 *
 * @param zone  IANA name; absent: UTC
 * @param time  epoch ms; NaN stays NaN
 */
export function toLocal(zone: string | undefined, time: number): number {
  if (zone === undefined || Number.isNaN(time)) return time
  return Math.max(-LIMIT_MS, Math.min(LIMIT_MS, time + offsetMs(zone, time)))
}

/**
 * The instant of a local time in a zone. In an hour that occurs twice it is the first one; in an hour that is skipped, the
 * offset before the change is used. NaN stays NaN.
 */
export function fromLocal(zone: string | undefined, local: number): number {
  if (zone === undefined || Number.isNaN(local)) return local
  const withOffsetBefore = local - offsetMs(zone, local - DAY_MS)
  if (toLocal(zone, withOffsetBefore) === local) return withOffsetBefore
  const withOffsetAfter = local - offsetMs(zone, local + DAY_MS)
  return toLocal(zone, withOffsetAfter) === local ? withOffsetAfter : withOffsetBefore
}

/** The span of ECMAScript time. */
const LIMIT_MS = 8.64e15

const DAY_MS = 86_400_000

/** Offsets are cached by quarter of an hour: they change only at whole quarters of UTC, and Intl takes microseconds to compute one. */
const QUARTER_MS = 900_000
/** Bounds the cache: a hundred years have 3.5 million quarters. */
const MAX_CACHED = 10_000

const zones = new Map<string, { readonly format: Intl.DateTimeFormat; readonly offsets: Map<number, number> }>()

function offsetMs(name: string, time: number): number {
  let zone = zones.get(name)
  if (zone === undefined) {
    zone = {
      format: new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }),
      offsets: new Map(),
    }
    zones.set(name, zone)
  }
  const quarter = Math.floor(time / QUARTER_MS)
  const known = zone.offsets.get(quarter)
  if (known !== undefined) return known
  const offset = offsetAt(zone.format, quarter * QUARTER_MS)
  if (zone.offsets.size >= MAX_CACHED) zone.offsets.clear()
  zone.offsets.set(quarter, offset)
  return offset
}

/** Reads `GMT`, `GMT+05:30` or, from before the zone was standardised, `GMT-00:01:15`. */
function offsetAt(format: Intl.DateTimeFormat, time: number): number {
  const { value } = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')!
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(value)!
  const offset = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -offset : offset
}
