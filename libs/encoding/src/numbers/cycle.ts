import { fromLocal, toLocal } from '@outflow/contracts/feature'

/** A cycle of time, cut open where the fewest times are, so that it maps to a line of hours. */
export interface Cycle {
  readonly period: 'hour' | 'day' | 'week' | 'year'
  /** IANA name of the time zone. Default: UTC. */
  readonly zone?: string | undefined
  /** Where the cycle is cut, as a share of the period from its start, [0, 1). */
  readonly cut: number
  /** Start of the last cycle seen in training, epoch ms of the zone's local time read as UTC; decoded times fall in this cycle. */
  readonly startMs: number
}

const HOUR_MS = 3_600_000
/** Hours in a period; a year is stretched to the mean Julian one. */
const HOURS = { hour: 1, day: 24, week: 168, year: 8766 } as const
/** 1970-01-01 was a Thursday: weeks begin on the Monday before. */
const MONDAY_MS = -3 * 24 * HOUR_MS

/**
 * Fits the cut: the middle of the twelfth of the cycle that contains the fewest times.
 *
 * On the cut line the density is exact and the Jacobian constant. Sine and cosine would put the records on a curve in the
 * plane, where a density is not defined.
 *
 * @param times  epoch ms; NaN is missing
 */
export function fitCycle(period: Cycle['period'], times: Float64Array, zone?: string): Cycle {
  const bins = new Float64Array(BINS)
  let last = Number.NEGATIVE_INFINITY
  for (const utc of times) {
    if (Number.isNaN(utc)) continue
    const time = toLocal(zone, clamped(utc))
    bins[Math.min(BINS - 1, Math.floor(phase(period, time) * BINS))]! += 1
    if (time > last) last = time
  }
  let fewest = Number.POSITIVE_INFINITY
  let cut = 0
  for (let bin = 0; bin < BINS; bin++) {
    let inside = 0
    for (let next = 0; next < ARC; next++) inside += bins[(bin + next) % BINS]!
    if (inside < fewest) {
      fewest = inside
      cut = ((bin + Math.floor(ARC / 2)) % BINS) / BINS
    }
  }
  return {
    period,
    ...(zone === undefined ? {} : { zone }),
    cut,
    startMs: cycleStart(period, Number.isFinite(last) ? last : 0),
  }
}

/** Sixty bins, so that every cut is at a whole minute and the step of the times can still be detected. */
const BINS = 60
/** Bins in a twelfth of the cycle. */
const ARC = BINS / 12

/** Hours since the cut, in [0, hours of the period). */
export function hoursSinceCut({ period, zone, cut }: Omit<Cycle, 'startMs'>, time: number): number {
  const turned = phase(period, toLocal(zone, clamped(time))) - cut
  return (turned < 0 ? turned + 1 : turned) * HOURS[period]
}

/**
 * ECMAScript's range of times less a thousand years at either end, so that the start and end of a time's year are in the range. Records with
 * times beyond it are rejected, but the gate of the trainer scores extreme values.
 */
const LARGEST_TIME_MS = 8.6e15

const clamped = (time: number): number => Math.max(-LARGEST_TIME_MS, Math.min(LARGEST_TIME_MS, time))

/** The time this many hours after the cut, in the last cycle seen in training, epoch ms; hours outside the period wrap around. */
export function timeAtHours({ period, zone, cut, startMs }: Cycle, hours: number): number {
  const share = mod(hours / HOURS[period] + cut, 1)
  return fromLocal(zone, startMs + share * cycleLength(period, startMs))
}

/** Hours in the period. */
export function periodHours({ period }: Pick<Cycle, 'period'>): number {
  return HOURS[period]
}

/** Elapsed share of the period at a time, [0, 1). */
function phase(period: Cycle['period'], time: number): number {
  if (period === 'year') {
    const start = cycleStart(period, time)
    return (time - start) / cycleLength(period, start)
  }
  const length = HOURS[period] * HOUR_MS
  return mod(time - (period === 'week' ? MONDAY_MS : 0), length) / length
}

function cycleStart(period: Cycle['period'], time: number): number {
  if (period === 'year') return yearStart(new Date(time).getUTCFullYear())
  const origin = period === 'week' ? MONDAY_MS : 0
  return time - mod(time - origin, HOURS[period] * HOUR_MS)
}

function cycleLength(period: Cycle['period'], startMs: number): number {
  if (period !== 'year') return HOURS[period] * HOUR_MS
  return yearStart(new Date(startMs).getUTCFullYear() + 1) - startMs
}

/** Not by `Date.UTC`, which adds 1900 to a year below 100. */
const yearStart = (year: number) => new Date(0).setUTCFullYear(year, 0, 1)

function mod(value: number, modulus: number): number {
  return value - modulus * Math.floor(value / modulus)
}
