import { expect, it } from 'vitest'
import { loadFlights } from './flights.js'
import { liveFlights } from './live-flights.js'

const flights = loadFlights().slice(0, 500)
const incident = { after: 700, flights: 30, origin: flights[0]!.origin, corruption: 'distance_km' } as const
const messages = liveFlights(flights, incident, () => '2026-01-31')
const streamed = Array.from({ length: 1_000 }, () => {
  const { key, value, truth } = messages.next().value
  return { key, truth, flight: JSON.parse(String(value)) }
})

it('repeats the flights with the current date and their own time of day', () => {
  const { date, ...flight } = flights[7]!
  for (const at of [7, 507]) {
    expect(streamed[at]!.flight).toEqual({ ...flight, date: `2026-01-31${date.slice(10)}` })
    expect(streamed[at]).toMatchObject({ key: flight.origin, truth: null })
  }
})

it('corrupts the flights of one airport during the incident, and no others', () => {
  const corrupted = streamed.flatMap(({ truth }, at) => (truth === null ? [] : [at]))
  expect(corrupted).toEqual(Array.from({ length: 30 }, (_, index) => 700 + index))
  for (const at of corrupted) {
    expect(streamed[at]).toMatchObject({
      key: incident.origin,
      truth: 'distance_km',
      flight: { origin: incident.origin },
    })
  }
})
