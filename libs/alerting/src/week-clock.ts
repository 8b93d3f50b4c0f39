import { parseWeek } from '@outflow/contracts'
import { toLocal } from '@outflow/contracts/feature'

const MINUTE_MS = 60_000
/** Minutes from the beginning of the week, on Monday, to that of 1970, on a Thursday. */
const EPOCH_MINUTE = 3 * 1_440

/**
 * Returns the clock of spans of the week. The spans follow local time, in summer time and outside it.
 *
 * @param spans  as `parseWeek` reads them, not all of the week
 * @param zone   IANA name
 */
export function weekClock(spans: string, zone: string) {
  const week = parseWeek(spans)!
  /** Whether an instant, epoch ms, is in one of the spans. */
  const contains = (timeMs: number): boolean => {
    const minute = Math.floor(toLocal(zone, timeMs) / MINUTE_MS) + EPOCH_MINUTE
    return week[((minute % week.length) + week.length) % week.length] === 1
  }
  // Alerts in quick succession need the end of the same span.
  let lastSpan = { from: 0, to: 0 }
  return {
    contains,
    /** Given an instant inside a span: the first later instant that is in no span, epoch ms. */
    endAfter: (timeMs: number): number => {
      if (timeMs >= lastSpan.from && timeMs < lastSpan.to) return lastSpan.to
      let to = (Math.floor(timeMs / MINUTE_MS) + 1) * MINUTE_MS
      while (contains(to)) to += MINUTE_MS
      lastSpan = { from: timeMs, to }
      return to
    },
  }
}
