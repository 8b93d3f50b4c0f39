import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { Flight } from './flights.js'

const KM_PER_MILE = 1.609344
const TWELVE_HOURS_MS = 12 * 3_600_000

type Corrupt = (flight: Flight, flights: readonly Flight[], random: RandomGenerator) => Flight

/** Common errors of records. */
const corruptions = {
  distance_km: (flight) => ({ ...flight, distance: Math.round(flight.distance * KM_PER_MILE) }),
  distance_other_route: (flight, flights, random) => {
    const other = flights[uniformInt(random, 0, flights.length - 1)]!
    return { ...flight, distance: other.distance }
  },
  swapped_fields: (flight) => ({ ...flight, delay: flight.distance, distance: flight.delay }),
  delay_seconds: (flight) => ({ ...flight, delay: flight.delay * 60 }),
  clock_shifted: (flight) => {
    const shifted = new Date(Date.parse(flight.date) + TWELVE_HOURS_MS)
    return { ...flight, date: `${shifted.toISOString().slice(0, 19)}Z` }
  },
  same_airport: (flight) => ({ ...flight, destination: flight.origin }),
} satisfies Readonly<Record<string, Corrupt>>

export type Corruption = keyof typeof corruptions
export const CORRUPTIONS = Object.keys(corruptions) as readonly Corruption[]

interface StreamedFlight {
  readonly flight: Flight
  /** The corruption; null for none. No detector receives it. */
  readonly corruption: Corruption | null
}

/**
 * Corrupts one flight.
 *
 * @param flights  source of the distance of another route
 * @returns null if the corruption changes nothing: a delay of 0 is 0 in seconds too
 */
export function corrupt(
  flight: Flight,
  corruption: Corruption,
  flights: readonly Flight[],
  random: RandomGenerator,
): Flight | null {
  const change: Corrupt = corruptions[corruption]
  const corrupted = change(flight, flights, random)
  const isChanged = Object.entries(flight).some(([field, value]) => corrupted[field as keyof Flight] !== value)
  return isChanged ? corrupted : null
}

/** Corrupts a seeded share of the flights, each kind equally often. */
export function corruptStream(
  flights: readonly Flight[],
  { share, seed }: { readonly share: number; readonly seed: number },
): StreamedFlight[] {
  const random = xoroshiro128plus(seed)
  const stream: StreamedFlight[] = flights.map((flight) => ({ flight, corruption: null }))
  for (let count = 0; count < Math.round(share * flights.length); ) {
    const at = uniformInt(random, 0, flights.length - 1)
    const corruption = CORRUPTIONS[count % CORRUPTIONS.length]!
    if (stream[at]!.corruption !== null) continue
    const flight = corrupt(flights[at]!, corruption, flights, random)
    if (flight === null) continue
    stream[at] = { flight, corruption }
    count++
  }
  return stream
}
