import type { JsonObject } from '../formats/record-decoder.js'

export const FORMATS = ['csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

/** An opened file of records: uncompressed bytes and their format. */
export interface RecordFile {
  /** The name in messages: the path, or `stdin`. */
  readonly name: string
  readonly format: Format
  readonly bytes: AsyncIterable<Buffer>
}

/** A record and its line. In CSV every value is a string; a column `route.origin` is the field `$.route.origin`. */
export interface FileRecord {
  /** Counted from 1, including the header; for a record over several lines, the last. */
  readonly line: number
  readonly record: JsonObject
}

/** Records in a batch: enough to make the scorer's overhead per call negligible, few enough to keep several batches in memory. */
export const BATCH_ROWS = 1024

/** A longer record means a broken file (an open quote, no line ends), and all of it would have to be in memory. */
export const MAX_RECORD_BYTES = 16 * 1024 ** 2

const BY_EXTENSION: Readonly<Record<string, Format>> = { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', json: 'ndjson' }

/** The format by a file's extension, ignoring `.gz`; null for `-` and unknown extensions. */
export function formatOfName(path: string): Format | null {
  const extension = /\.([^./\\]+)$/.exec(path.replace(/\.gz$/i, ''))?.[1]
  return BY_EXTENSION[extension?.toLowerCase() ?? ''] ?? null
}

/** The format by a file's first bytes: JSON begins with a brace or a bracket, a CSV header almost never. */
export function sniffFormat(head: Buffer): Format {
  return /^\uFEFF?\s*[[{]/.test(head.toString('utf8')) ? 'ndjson' : 'csv'
}
