import { stringify } from 'csv-stringify/sync'
import { type Format, formatOfName } from './format.js'
import type { Output } from './open-output.js'

interface RowWriter {
  write(rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>
}

/** The format of an output's name, else the given one. */
export const formatOfOutput = (path: string, otherwise: Format): Format => formatOfName(path) ?? otherwise

/** Writes rows with the same columns: as CSV under one header line, or as one JSON object a line. */
export function makeRowWriter(output: Output, format: Format, columns: readonly string[]): RowWriter {
  if (format === 'ndjson') {
    return { write: (rows) => output.write(rows.map((row) => `${JSON.stringify(row)}\n`).join('')) }
  }
  let header = true
  return {
    write: async (rows) => {
      const text = stringify([...rows], { header, columns: [...columns], cast: { boolean: String } })
      header = false
      await output.write(text)
    },
  }
}
