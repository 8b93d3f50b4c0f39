import type { Flight } from './flights.js'

/** Makes a message that no reader can make a flight of; one function a way of being broken. */
type Break = (flight: Flight) => Buffer | null

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

const TWO_MEGABYTES = 2 * 1024 ** 2

/** The ways in which messages are broken in real life, each under the name that the demo's truth header bears. */
const WAYS: Readonly<Record<string, Break>> = {
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

interface BrokenMessage {
  readonly key: string
  readonly value: Buffer | null
  readonly way: string
}

/** One message of 2 MB and others in turn, as many as there are flights to break. */
export function breakFlights(flights: readonly Flight[]): readonly BrokenMessage[] {
  const ways = Object.entries(WAYS)
  return flights.map((flight, index) => {
    if (index === 0) {
      return { key: flight.origin, value: json({ ...flight, padding: 'x'.repeat(TWO_MEGABYTES) }), way: '2 MB' }
    }
    const [way, breakFlight] = ways[(index - 1) % ways.length]!
    return { key: flight.origin, value: breakFlight(flight), way }
  })
}
