import { makeTerminal } from '@outflow/terminal'

/** Results of a bench, one row of a table; every row of a table has the same keys. */
export type Line = Readonly<Record<string, string | number | null>>

/** Formats rows as an aligned table, numbers to the right. */
export function tableOf(lines: readonly Line[]): string {
  const keys = Object.keys(lines[0] ?? {})
  return makeTerminal(process).table({
    head: keys,
    rows: lines.map((line) => keys.map((key) => textOf(line[key] ?? null))),
    aligns: keys.map((key) => (lines.some((line) => typeof line[key] === 'number') ? 'right' : 'left')),
  })
}

function textOf(value: string | number | null): string {
  if (value === null) return '-'
  if (typeof value === 'string') return value
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1)
  return Number.isInteger(value) || Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en')
    : value.toPrecision(3)
}
