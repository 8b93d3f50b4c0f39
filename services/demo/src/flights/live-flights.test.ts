import { expect, it, vi } from 'vitest'
import { loadFlights } from './flights.js'
import { liveFlights } from './live-flights.js'

const flights = loadFlights().slice(0, 500)
const incident = { after: 700, flights: 30, origin: flights[0]!.origin, corruption: 'distance_km' } as const
const noon = '2026-01-31T12:00:00Z'
vi.spyOn(Date, 'now').mockReturnValue(Date.parse(noon))
const messages = liveFlights(flights, incident)
const streamed = Array.from({ length: 1_000 }, () => {
  const { key, value, truth } = messages.next().value
  return { key, truth, flight: JSON.parse(String(value)) }
})
vi.restoreAllMocks()

it('repeats the flights at their own time of day, today or, if that is still to come, yesterday', () => {
  const isToday = (at: number) => flights[at]!.date.slice(10) <= noon.slice(10)
  const [early, late] = [true, false].map((today) => flights.findIndex((_, at) => isToday(at) === today)) as [
    number,
    number,
  ]
  for (const at of [early, early + 500, late]) {
    const { date, ...flight } = flights[at % 500]!
    const day = at === late ? '2026-01-30' : '2026-01-31'
    expect(streamed[at]!.flight).toEqual({ ...flight, date: `${day}${date.slice(10)}` })
    expect(streamed[at]).toMatchObject({ key: flight.origin, truth: null })
  }
  expect(streamed.filter(({ flight }) => flight.date > noon)).toEqual([])
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
