import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One flight of the US on-time table, as the demo sends it. */
export interface Flight {
  /** ISO 8601; the table's local times, taken as UTC */
  readonly date: string
  /** minutes */
  readonly delay: number
  /** miles */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** The 20,000 flights of npm's vega-datasets, from January to March 2001, by date. */
export function loadFlights(): Flight[] {
  // The package exports its entry only; the tables are next to the folder of that entry.
  const entry = createRequire(import.meta.url).resolve('vega-datasets')
  const file = join(dirname(entry), '..', 'data', 'flights-20k.json')
  const flights: Flight[] = JSON.parse(readFileSync(file, 'utf8'))
  return flights
    .map((flight) => ({ ...flight, date: toIso(flight.date) }))
    .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}

/** `2001/01/01 00:47` → `2001-01-01T00:47:00Z` */
function toIso(date: string): string {
  return `${date.replaceAll('/', '-').replace(' ', 'T')}:00Z`
}
