import { parseWeek, toLocal } from '@outflow/contracts'

/** Spans of the week by the clocks of a zone. */
export interface WeekClock {
  /** Whether an instant, epoch ms, is in one of the spans. */
  contains(timeMs: number): boolean
  /** The first instant after one inside that is in none, epoch ms. */
  endAfter(timeMs: number): number
}

const MINUTE_MS = 60_000
/** 1970 began on a Thursday, weeks begin on Monday. */
const THURSDAY = 3 * 1_440

/**
 * Returns the clock of spans of the week. In summer time and out of it the spans keep to what the clocks show.
 *
 * @param spans  as `parseWeek` reads them, not all of the week
 * @param zone   IANA name
 */
export function weekClock(spans: string, zone: string): WeekClock {
  const week = parseWeek(spans)!
  const contains = (timeMs: number): boolean => {
    const minute = Math.floor(toLocal(zone, timeMs) / MINUTE_MS) + THURSDAY
    return week[((minute % week.length) + week.length) % week.length] === 1
  }
  // A storm asks for the end of the same span again and again.
  let known = { from: 0, to: 0 }
  return {
    contains,
    endAfter: (timeMs) => {
      if (timeMs >= known.from && timeMs < known.to) return known.to
      let to = (Math.floor(timeMs / MINUTE_MS) + 1) * MINUTE_MS
      while (contains(to)) to += MINUTE_MS
      known = { from: timeMs, to }
      return to
    },
  }
}
