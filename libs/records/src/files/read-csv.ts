import { pipeline } from 'node:stream'
import { emptyRecord, putAt, stepsOfColumn } from '@outflow/contracts'
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
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    columns: (names: string[]) => {
      header = distinctNames(names)
      return [...header]
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
    throw explain(name, header, error)
  }
  if (batch.length > 0) yield batch
}

/** Names without blanks around them. A column without a name is named by its position, `column 3`; a second column `price` is named `price (2)`. */
function distinctNames(untrimmed: readonly string[]): readonly string[] {
  const header = untrimmed.map((name) => name.trim())
  const taken = new Set(header)
  return header.map((column, index) => {
    const name = column === '' ? `column ${index + 1}` : column
    if (name === column && header.indexOf(column) === index) return column
    let distinct = name
    for (let number = 2; taken.has(distinct); number++) distinct = `${name} (${number})`
    taken.add(distinct)
    return distinct
  })
}

type Nest = (flat: Readonly<Record<string, string>>) => Record<string, unknown>

/** Builds the record of a row. A column whose field would be inside another column's, such as `a.b` next to `a`, stays one key. */
function nestBy(header: readonly string[]): Nest {
  const columns = header.map((column) => ({ column, steps: stepsOfColumn(column) }))
  const fields = columns.map(({ column, steps }) => {
    const isInside = columns.some(
      (other) => other.column !== column && other.steps.every((step, place) => step === steps[place]),
    )
    return { column, steps: isInside ? [column] : steps }
  })
  return (flat) => {
    const record = emptyRecord()
    for (const { column, steps } of fields) putAt(record, steps, flat[column])
    return record
  }
}

function explain(name: string, header: readonly string[], error: unknown): unknown {
  if (!isCsvError(error)) return error
  const line = typeof error.lines === 'number' ? error.lines : null
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS': {
      const found = Array.isArray(error.record) ? error.record.length : 'another number'
      const lacking = typeof found === 'number' && found < header.length ? `; ${header[found]} is missing` : ''
      return new InputInvalid(name, line, `${found} values for the header's ${header.length} columns${lacking}`, error)
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return new InputInvalid(name, line, 'a quoted value is not closed', error)
    case 'CSV_MAX_RECORD_SIZE':
      return new InputInvalid(
        name,
        line,
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
