import type { Flight } from './flights.js'

/** Makes a message that cannot be read as a flight; one function per kind of fault. */
type MakeBroken = (flight: Flight) => Buffer | null

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

const TWO_MEGABYTES = 2 * 1024 ** 2

/** Common faults of messages, by their name in the demo's truth header. */
const FAULTS: Readonly<Record<string, MakeBroken>> = {
  'cut JSON': (flight) => json(flight).subarray(0, 40),
  'plain text': ({ origin, destination }) => Buffer.from(`${origin} to ${destination}, on time`),
  'not UTF-8': ({ origin }) =>
    Buffer.concat([Buffer.from(`{"origin":"${origin}`), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
  'an array': ({ origin, destination }) => json([origin, destination]),
  'no value': () => null,
  'a field missing': ({ date, delay, origin, destination }) => json({ date, delay, origin, destination }),
  'text for a number': (flight) => json({ ...flight, delay: 'late' }),
  'an object for a text': (flight) => json({ ...flight, origin: { code: flight.origin } }),
  'no time': (flight) => json({ ...flight, date: 'yesterday' }),
}

/** Returns a broken message for each of the flights: one of 2 MB, and the other faults in turn. */
export function breakFlights(flights: readonly Flight[]) {
  const faults = Object.entries(FAULTS)
  return flights.map((flight, index) => {
    if (index === 0) {
      return { key: flight.origin, value: json({ ...flight, padding: 'x'.repeat(TWO_MEGABYTES) }), fault: '2 MB' }
    }
    const [fault, makeBroken] = faults[(index - 1) % faults.length]!
    return { key: flight.origin, value: makeBroken(flight), fault }
  })
}
