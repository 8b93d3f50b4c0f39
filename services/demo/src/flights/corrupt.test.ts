import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { CORRUPTIONS, corrupt, corruptStream } from './corrupt.js'
import { loadFlights } from './flights.js'

const flights = loadFlights()
const flight = {
  date: '2001-01-01T20:30:00Z',
  delay: 12,
  distance: 2475,
  origin: 'LAX',
  destination: 'JFK',
}
const change = (kind: (typeof CORRUPTIONS)[number], own = flight) => corrupt(own, kind, flights, xoroshiro128plus(1))

describe('the flights', () => {
  it('are 20,000, by date, with ISO times', () => {
    expect(flights).toHaveLength(20_000)
    expect(flights[0]).toEqual({
      date: '2001-01-01T00:47:00Z',
      delay: 66,
      distance: 1750,
      origin: 'DTW',
      destination: 'LAS',
    })
    expect(flights.every(({ date }, k) => k === 0 || date >= flights[k - 1]!.date)).toBe(true)
  })
})

describe('a corruption', () => {
  it('changes the fields that its name states, and no others', () => {
    expect(change('distance_km')).toEqual({ ...flight, distance: 3983 })
    expect(change('swapped_fields')).toEqual({ ...flight, distance: 12, delay: 2475 })
    expect(change('delay_seconds')).toEqual({ ...flight, delay: 720 })
    expect(change('clock_shifted')).toEqual({ ...flight, date: '2001-01-02T08:30:00Z' })
    expect(change('same_airport')).toEqual({ ...flight, destination: 'LAX' })
    expect(change('distance_other_route')).toEqual({ ...flight, distance: expect.any(Number) })
  })

  it('returns null if it changes nothing', () => {
    expect(change('delay_seconds', { ...flight, delay: 0 })).toBeNull()
  })
})

describe('a corrupted stream', () => {
  const stream = corruptStream(flights, { share: 0.005, seed: 4 })

  it('contains every kind about equally often, and the other flights unchanged', () => {
    const kinds = stream.flatMap(({ corruption }) => corruption ?? [])
    expect(kinds).toHaveLength(100)
    for (const kind of CORRUPTIONS) expect(kinds.filter((own) => own === kind).length).toBeGreaterThan(15)
    expect(stream.every((own, k) => (own.corruption === null) === (own.flight === flights[k]))).toBe(true)
  })
})
