import { pipeline } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { recordBuilder } from '../formats/csv.js'
import { openCsv } from './csv-bytes.js'
import { InputInvalid } from './errors.js'
import { BATCH_ROWS, type FileRecord, MAX_RECORD_BYTES, type RecordFile } from './record-file.js'

/**
 * Reads comma-separated values with a header line (RFC 4180), or values separated by semicolons, tabs or vertical bars. Blank lines are
 * skipped, but count in line numbers.
 */
export async function* readCsv(file: RecordFile): AsyncGenerator<readonly FileRecord[]> {
  const { name } = file
  const { delimiter, headerLine, bytes } = await openCsv(name, file.bytes)
  let header: readonly string[] = []
  let toRecord: ReturnType<typeof recordBuilder> | null = null
  let linesRead = 0
  const parser = parse({
    bom: true,
    delimiter,
    from_line: headerLine,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    // Files that were joined can have lines that end differently.
    record_delimiter: ['\r\n', '\n', '\r'],
    on_record: (values, { lines }) => {
      linesRead = lines
      // The types of csv-parse allow no other results than rows, except with its own columns.
      if (toRecord !== null) return { line: lines, record: toRecord(values) } as never
      header = distinctNames(values)
      toRecord = recordBuilder(header)
      return null
    },
  })
  const rows: AsyncIterable<FileRecord> = pipeline(bytes, parser, () => {})
  let batch: FileRecord[] = []
  try {
    for await (const row of rows) {
      batch.push(row)
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

/** @param begunAt  the line after the last complete record: the parser reports an open quote at the line that it has read last */
function explain(name: string, header: readonly string[], error: unknown, begunAt: number): unknown {
  if (!isCsvError(error)) return error
  const line = typeof error.lines === 'number' ? error.lines : null
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const found = Array.isArray(error.record) ? error.record.length : 'another number'
      const lacking = typeof found === 'number' && found < header.length
      const hint = lacking
        ? `${header[found]} is missing`
        : 'name each column in the first line, and quote values that contain the delimiter'
      return new InputInvalid(name, line, `${found} values for the header's ${header.length} columns; ${hint}`, error)
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return new InputInvalid(name, begunAt, 'a quoted value is not closed', error)
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new InputInvalid(name, line, 'a quote in a value, or after a blank; write it as "5"" pipe"', error)
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
