import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { type Corruption, corrupt } from './corrupt.js'
import type { PlannedMessage } from './feed-plan.js'
import type { Flight } from './flights.js'

/** An error while flights are streamed: for some time, one airport sends distances in kilometres. */
interface Incident {
  /** Flights before it. */
  readonly after: number
  /** Flights that are corrupted. */
  readonly flights: number
  readonly origin: string
  readonly corruption: Corruption
}

/** Yields the flights repeatedly, in their order and at the latest past time with their time of day, with one incident. */
export function* liveFlights(flights: readonly Flight[], incident: Incident): Generator<PlannedMessage, never> {
  const random = xoroshiro128plus(1)
  const ofOrigin = flights.filter(({ origin }) => origin === incident.origin)
  for (let sent = 0; ; sent += 1) {
    const isIncident = sent >= incident.after && sent < incident.after + incident.flights
    const own = isIncident ? ofOrigin[(sent - incident.after) % ofOrigin.length]! : flights[sent % flights.length]!
    const flight = isIncident ? (corrupt(own, incident.corruption, flights, random) ?? own) : own
    const date = latestAt(flight.date.slice('2001-01-01'.length), Date.now())
    yield {
      key: flight.origin,
      value: Buffer.from(JSON.stringify({ ...flight, date })),
      truth: flight === own ? null : incident.corruption,
    }
  }
}

const DAY_MS = 86_400_000

/** The latest time, not after now, with the time of day `T08:00:00Z`. */
function latestAt(timeOfDay: string, nowMs: number): string {
  const onDayOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 10)}${timeOfDay}`
  const today = onDayOf(nowMs)
  return Date.parse(today) <= nowMs ? today : onDayOf(nowMs - DAY_MS)
}
