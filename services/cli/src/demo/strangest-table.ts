import type { Reason } from '@outflow/contracts'
import Table from 'cli-table3'

/** What the table of the strangest flights shows of one. */
export interface StrangeFlight {
  readonly record: unknown
  readonly nll: number
  readonly pValue: number
  readonly reasons: readonly Reason[]
}

/** One line a flight: how strange, which, and why in words. */
export function strangestTable(flights: readonly StrangeFlight[], columns: number): string {
  const whyWidth = Math.max(20, columns - WIDTHS.nats - WIDTHS.p - WIDTHS.flight - 5)
  const table = new Table({
    head: ['nats', 'p', 'flight', 'why'],
    colWidths: [WIDTHS.nats, WIDTHS.p, WIDTHS.flight, whyWidth],
    colAligns: ['right', 'right', 'left', 'left'],
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  for (const { nll, pValue, record, reasons } of flights) {
    table.push([nll.toFixed(1), pValue.toPrecision(1), describeFlight(record), reasons[0]?.text ?? ''])
  }
  return table.toString()
}

const WIDTHS = { nats: 11, p: 9, flight: 27 } as const

/** `LAX→JFK 01-10 18:20`; whatever is there of it, for a record may be anything. */
export function describeFlight(record: unknown): string {
  const { origin, destination, date } = (record ?? {}) as Readonly<Record<string, unknown>>
  return `${String(origin)}→${String(destination)} ${String(date).slice(5, 16).replace('T', ' ')}`
}
