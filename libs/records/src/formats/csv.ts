import { isUtf8 } from 'node:buffer'
import type { Config, Rejection } from '@outflow/contracts'
import { emptyRecord, putAt, type Step, stepsOfColumn } from '@outflow/contracts/feature'
import { CsvError, parse } from 'csv-parse/sync'
import { MAX_VALUES } from './check-depth.js'
import type { DecodedValue, JsonObject } from './record-decoder.js'
import { shortened, undecodable } from './undecodable.js'

/**
 * Returns the decoder of messages that are one line of comma-separated values (RFC 4180), without a header.
 *
 * With `columns`, fields are named after the columns, and a column `route.origin` is `$.route.origin`; without them a field is
 * named by its position, `$[0]` being the first. Every value is text; a trailing line end is allowed.
 */
export function csvDecoder({ columns, delimiter }: CsvSettings): (value: Buffer) => DecodedValue | Rejection {
  const toRecord = columns === undefined ? byPlace : recordBuilder(columns)
  return (value) => {
    if (!isUtf8(value)) return undecodable('CSV is read as UTF-8; found bytes that are not')
    const text = value.toString('utf8')
    if (text.includes('\0')) return undecodable('CSV is text; found a NUL byte. Is it UTF-16?')
    const values = splitLine(text, delimiter)
    if (!Array.isArray(values)) return values
    if (values.length > MAX_VALUES) return undecodable(`a message has at most ${MAX_VALUES} values`)
    if (columns === undefined || values.length === columns.length) return { record: toRecord(values) }
    const found = `${values.length} values, split at ${JSON.stringify(delimiter)}`
    return undecodable(`source.csv names ${columns.length} columns; found ${found}`)
  }
}

type CsvSettings = Config['source']['csv']

/** A line without a quote is split at the delimiter; only a line with a quote needs the parser, at ten times the cost. */
function splitLine(text: string, delimiter: string): string[] | Rejection {
  if (text.includes('"')) return parseLine(text, delimiter)
  const line = text.replace(BYTE_ORDER_MARK, '').replace(LINE_END, '')
  if (line === '') return undecodable('a blank line is not a record')
  if (/[\r\n]/.test(line)) return SEVERAL_LINES
  return line.split(delimiter)
}

function parseLine(text: string, delimiter: string): string[] | Rejection {
  try {
    const rows: string[][] = parse(text, { bom: true, delimiter, record_delimiter: ['\r\n', '\n', '\r'], to: 2 })
    return rows.length > 1 ? SEVERAL_LINES : rows[0]!
  } catch (error: unknown) {
    if (!(error instanceof CsvError)) throw error
    return undecodable(`not CSV: ${shortened(error.message)}`)
  }
}

const BYTE_ORDER_MARK = /^\ufeff/
const LINE_END = /(\r\n|\n|\r)$/
const SEVERAL_LINES = undecodable('a message holds one line; found several')

function byPlace(values: readonly string[]): JsonObject {
  const record: Record<number, string> = {}
  for (let place = 0; place < values.length; place += 1) record[place] = values[place]!
  return record
}

/**
 * Compiles column names to the function that builds a record from a line's values. A column whose field would be inside another column's,
 * such as `a.b` next to `a`, or the same as another's, stays one key.
 */
export function recordBuilder(columns: readonly string[]): (values: readonly string[]) => JsonObject {
  const paths = columns.map(stepsOfColumn)
  /** How many columns have a path. */
  const counts = new Map<string, number>()
  for (const path of paths) counts.set(JSON.stringify(path), (counts.get(JSON.stringify(path)) ?? 0) + 1)
  const isRepeated = (path: readonly Step[]) => counts.get(JSON.stringify(path))! > 1
  const isInside = (path: readonly Step[]) =>
    path.some((_, length) => counts.has(JSON.stringify(path.slice(0, length))))
  const fields = paths.map((path, index) => (isRepeated(path) || isInside(path) ? [columns[index]!] : path))
  return (values) => {
    const record = emptyRecord()
    fields.forEach((path, index) => {
      putAt(record, path, values[index])
    })
    return record
  }
}
