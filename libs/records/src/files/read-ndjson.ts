import { decodeJson } from '../formats/json/json.js'
import { InputInvalid } from './errors.js'
import { BATCH_ROWS, type FileRecord, MAX_RECORD_BYTES, type RecordFile } from './record-file.js'

/** Reads one JSON object a line, decoded like a Kafka message; blank lines are skipped, but count in line numbers. */
export async function* readNdjson({ name, bytes }: RecordFile): AsyncGenerator<readonly FileRecord[]> {
  let batch: FileRecord[] = []
  let line = 0
  for await (const value of linesOf(bytes)) {
    line += 1
    if (value.length > MAX_RECORD_BYTES) {
      throw new InputInvalid(name, line, `longer than ${MAX_RECORD_BYTES / 1024 ** 2} MiB; is it one record per line?`)
    }
    if (value.every((byte) => BLANKS.has(byte))) continue
    const decoded = decodeJson(value)
    if (!('record' in decoded)) throw new InputInvalid(name, line, `${decoded.detail}${line === 1 ? FORMAT : ''}`)
    batch.push({ line, record: decoded.record })
    if (batch.length < BATCH_ROWS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** How to fix an indented record and a CSV file with another name: reading fails in their first line. */
const FORMAT = '; expected one record per line, as `jq -c .` writes it; name a CSV file .csv'

const LINE_END = 0x0a
const BLANKS: ReadonlySet<number> = new Set(Buffer.from(' \t\r'))

/** Splits at line ends; yields the start of a line as soon as it exceeds the longest record, so that memory stays bounded. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let held = 0
  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      const last = chunk.subarray(start, end)
      yield parts.length === 0 ? last : Buffer.concat([...parts, last])
      parts = []
      held = 0
      start = end + 1
    }
    const rest = chunk.subarray(start)
    parts.push(rest)
    held += rest.length
    if (held > MAX_RECORD_BYTES) yield Buffer.concat(parts)
  }
  if (held > 0) yield Buffer.concat(parts)
}
