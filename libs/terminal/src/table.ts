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

/**
 * Draws a table: with rules on a terminal, or, if that is too narrow, as columns of text or as a list of the values of each row; elsewhere as
 * columns of text.
 */
export function drawTable(
  options: TableOptions,
  stream: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  const { head = [], rows, widths = [] } = options
  if (!stream.isTTY) return draw(options, PLAIN)
  // A terminal of unknown size, such as that of a container without one, has 0 columns.
  const columns = stream.columns || DEFAULT_COLUMNS
  const ruled = draw(options, { ...RULED, colWidths: fit(widths, columns) })
  // The upper rule has one character per cell of the terminal.
  const excess = ruled.indexOf('\n') - columns
  if (excess <= 0 || head.length === 0) return ruled
  // Columns of text have no rules, no margin at either end, and the same blanks in between.
  if (widths.length === 0 && excess <= head.length + 3) return draw(options, PLAIN)
  return rows.map((row) => draw({ rows: head.map((name, at) => [name, row[at]!]) }, PLAIN)).join('\n\n')
}

function draw({ head = [], rows, aligns = [] }: TableOptions, layout: ConstructorParameters<typeof Table>[0]): string {
  const table = new Table({ head: [...head], colAligns: [...aligns], ...layout })
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'string' ? onOneLine(cell) : cell)))
  const lines = table.toString().split('\n')
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
