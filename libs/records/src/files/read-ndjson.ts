import { TextDecoder } from 'node:util'
import { InputInvalid } from './errors.js'
import { BATCH_ROWS, type FileRecord, MAX_RECORD_BYTES, type RecordFile } from './record-file.js'

/** Reads one JSON object a line; blank lines are passed over, and counted. */
export async function* readNdjson({ name, bytes }: RecordFile): AsyncGenerator<readonly FileRecord[]> {
  let batch: FileRecord[] = []
  for await (const { line, text } of linesOf(name, bytes)) {
    if (text.trim() === '') continue
    batch.push({ line, record: parseLine(name, line, text) })
    if (batch.length < BATCH_ROWS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function* linesOf(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 0
  let rest = ''
  for await (const chunk of bytes) {
    const lines = (rest + decode(name, line + 1, decoder, chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_RECORD_BYTES) {
      throw new InputInvalid(
        name,
        line + lines.length + 1,
        `longer than ${MAX_RECORD_BYTES / 1024 ** 2} MiB; is it one record per line?`,
      )
    }
    for (const text of lines) {
      line += 1
      yield { line, text }
    }
  }
  rest += decode(name, line + 1, decoder)
  if (rest !== '') yield { line: line + 1, text: rest }
}

function decode(name: string, line: number, decoder: TextDecoder, chunk?: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (error: unknown) {
    throw new InputInvalid(name, null, `bytes after line ${line - 1} are not UTF-8`, error)
  }
}

function parseLine(name: string, line: number, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error: unknown) {
    throw new InputInvalid(name, line, `not JSON: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new InputInvalid(name, line, `a record is a JSON object; found ${shorten(text.trim())}`)
  }
  return value as Record<string, unknown>
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
