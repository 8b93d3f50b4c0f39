import { pipeline } from 'node:stream'
import { emptyRecord, putAt, type Step, stepsOfColumn } from '@outflow/contracts'
import { type CsvError, type Info, parse } from 'csv-parse'
import { openCsv } from './csv-bytes.js'
import { InputInvalid } from './errors.js'
import { BATCH_ROWS, type FileRecord, MAX_RECORD_BYTES, type RecordFile } from './record-file.js'

interface ParsedRow {
  readonly record: Record<string, string>
  readonly info: Info
}

/**
 * Reads comma-separated values with a header line (RFC 4180), or values separated by semicolons, tabs or vertical bars. Blank lines are
 * skipped, but count in line numbers.
 */
export async function* readCsv(file: RecordFile): AsyncGenerator<readonly FileRecord[]> {
  const { name } = file
  const { delimiter, bytes } = await openCsv(name, file.bytes)
  let header: readonly string[] = []
  let linesRead = 0
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    // Files that were joined can have lines that end differently.
    record_delimiter: ['\r\n', '\n', '\r'],
    columns: (names: string[]) => {
      header = distinctNames(names)
      linesRead = 1
      return [...header]
    },
    on_record: (row: ParsedRow) => {
      linesRead = row.info.lines
      return row
    },
  })
  const rows: AsyncIterable<ParsedRow> = pipeline(bytes, parser, () => {})
  let batch: FileRecord[] = []
  let nest: Nest | null = null
  try {
    for await (const { record, info } of rows) {
      nest ??= nestBy(header)
      batch.push({ line: info.lines, record: nest(record) })
      if (batch.length < BATCH_ROWS) continue
      yield batch
      batch = []
    }
  } catch (error: unknown) {
    throw explain(name, header, error, linesRead + 1)
  }
  if (batch.length > 0) yield batch
}

/** Names without blanks around them. A column without a name is named by its position, `column 3`; a second column `price` is named `price (2)`. */
function distinctNames(untrimmed: readonly string[]): readonly string[] {
  const header = untrimmed.map((name) => name.trim())
  const taken = new Set(header)
  const seen = new Set<string>()
  /** The next number to try for each name that repeats. */
  const numbers = new Map<string, number>()
  return header.map((column, index) => {
    const name = column === '' ? `column ${index + 1}` : column
    if (name === column && !seen.has(name)) {
      seen.add(name)
      return name
    }
    let number = numbers.get(name) ?? 2
    let distinct = name
    for (; taken.has(distinct); number++) distinct = `${name} (${number})`
    numbers.set(name, number)
    taken.add(distinct)
    return distinct
  })
}

type Nest = (flat: Readonly<Record<string, string>>) => Record<string, unknown>

/** Builds the record of a row. A column whose field would be inside another column's, such as `a.b` next to `a`, stays one key. */
function nestBy(header: readonly string[]): Nest {
  const columns = header.map((column) => ({ column, steps: stepsOfColumn(column) }))
  const keyOf = (steps: readonly Step[], count: number) => JSON.stringify(steps.slice(0, count))
  const counts = new Map<string, number>()
  for (const { steps } of columns) {
    const key = keyOf(steps, steps.length)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const fields = columns.map(({ column, steps }) => {
    const isInside = steps.some((_, at) => {
      const own = at + 1 === steps.length ? 1 : 0
      return (counts.get(keyOf(steps, at + 1)) ?? 0) > own
    })
    return { column, steps: isInside ? [column] : steps }
  })
  return (flat) => {
    const record = emptyRecord()
    for (const { column, steps } of fields) putAt(record, steps, flat[column])
    return record
  }
}

/** @param begunAt  the line after the last complete record: the parser reports an open quote at the line that it has read last */
function explain(name: string, header: readonly string[], error: unknown, begunAt: number): unknown {
  if (!isCsvError(error)) return error
  const line = typeof error.lines === 'number' ? error.lines : null
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS': {
      const found = Array.isArray(error.record) ? error.record.length : 'another number'
      const lacking = typeof found === 'number' && found < header.length ? `; ${header[found]} is missing` : ''
      return new InputInvalid(name, line, `${found} values for the header's ${header.length} columns${lacking}`, error)
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return new InputInvalid(name, begunAt, 'a quoted value is not closed', error)
    case 'CSV_MAX_RECORD_SIZE':
      return new InputInvalid(
        name,
        begunAt,
        `longer than ${MAX_RECORD_BYTES / 1024 ** 2} MiB; is a quote left open?`,
        error,
      )
    default:
      // The parser's message may contain the whole value.
      return new InputInvalid(name, line, error.message.slice(0, LONGEST_MESSAGE).replace(/ at line \d+/, ''), error)
  }
}

const LONGEST_MESSAGE = 200

const isCsvError = (error: unknown): error is CsvError =>
  error instanceof Error && 'code' in error && /^CSV_|^INVALID_/.test(String(error.code))
