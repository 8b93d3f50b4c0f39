import { formatRarity } from '@outflow/contracts/wording'
import type { StoredAnomaly } from '@outflow/store/anomalies'
import type { Terminal } from '@outflow/terminal'
import type { Flight } from './flights.js'

/** Rows of the table, which is below two bars on a terminal of 24 lines. */
export const LEAST_LIKELY = 10

/** One line per flight: how rare it is, the flight, and its main reason. */
export function leastLikelyTable(flights: readonly StoredAnomaly[], terminal: Pick<Terminal, 'table'>): string {
  return terminal.table({
    head: ['how rare', 'flight', 'why'],
    widths: [26, 27, null],
    rows: flights.map(({ pValue, record, reasons }) => [
      formatRarity(pValue),
      describeFlight(record as Flight),
      reasons?.[0]?.text ?? '',
    ]),
  })
}

/** `LAX→JFK 01-10 18:20` */
function describeFlight({ origin, destination, date }: Flight): string {
  return `${origin}→${destination} ${date.slice(5, 16).replace('T', ' ')}`
}
