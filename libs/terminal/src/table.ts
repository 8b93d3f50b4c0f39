import Table from 'cli-table3'
import { onOneLine } from './visible.js'

export interface TableOptions {
  readonly head?: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Alignment of each column; default: left. */
  readonly aligns?: readonly ('left' | 'right')[]
  /** Width of each column on a terminal, in cells; the column with null gets the rest of the line. A longer text is cut. */
  readonly widths?: readonly (number | null)[]
}

/** Draws a table: with rules on a terminal, or, if that is too narrow, as a list of the values of each row; else as columns of text. */
export function drawTable(
  { head = [], rows, aligns = [], widths = [] }: TableOptions,
  stream: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  // A terminal of unknown size, such as that of a container without one, has 0 columns.
  const columns = stream.columns || DEFAULT_COLUMNS
  const layout = stream.isTTY ? { ...RULED, colWidths: fit(widths, columns) } : PLAIN
  const table = new Table({ head: [...head], colAligns: [...aligns], ...layout })
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'string' ? onOneLine(cell) : cell)))
  const lines = table.toString().split('\n')
  // The upper rule has one character per cell of the terminal.
  if (stream.isTTY && lines[0]!.length > columns && head.length > 0)
    return rows.map((row) => drawTable({ rows: head.map((name, at) => [name, row[at]!]) }, {})).join('\n\n')
  return lines.map((line) => line.trimEnd()).join('\n')
}

const NO_COLOURS = { head: [], border: [] }
const BETWEEN_ROWS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

const RULED = { style: NO_COLOURS, chars: BETWEEN_ROWS }
const PLAIN = {
  style: { ...NO_COLOURS, 'padding-left': 0, 'padding-right': 0 },
  chars: {
    ...BETWEEN_ROWS,
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', right: '', middle: '  ' },
  },
}

const DEFAULT_COLUMNS = 120
const LEAST_REST = 20

/** The rules before, between and after the columns take a cell each. */
function fit(widths: readonly (number | null)[], columns: number): number[] {
  const taken = widths.reduce<number>((sum, width) => sum + (width ?? 0), widths.length + 1)
  return widths.map((width) => width ?? Math.max(LEAST_REST, columns - taken))
}
