export const FORMATS = ['csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

/** An opened file of records: its bytes unpacked, and its format known. */
export interface RecordFile {
  /** What messages call it: the path, or `stdin`. */
  readonly name: string
  readonly format: Format
  readonly bytes: AsyncIterable<Buffer>
}

/** A record and where it stands. In CSV every value is a string; a column `route.origin` is the field `$.route.origin`. */
export interface FileRecord {
  /** Counted from 1, the header included; of a record over several lines, the last. */
  readonly line: number
  readonly record: Readonly<Record<string, unknown>>
}

/** Records of one batch: large enough that the scorer's overhead vanishes, small enough to hold many. */
export const BATCH_ROWS = 1024

/** A longer record is a broken file (a quote never closed, lines never ended) and would be held in memory whole. */
export const MAX_RECORD_BYTES = 16 * 1024 ** 2

const BY_EXTENSION: Readonly<Record<string, Format>> = { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', json: 'ndjson' }

/** Format by a file's name, without a final `.gz`; null for `-` and unknown extensions. */
export function formatOfName(path: string): Format | null {
  const extension = /\.([^./\\]+)$/.exec(path.replace(/\.gz$/i, ''))?.[1]
  return BY_EXTENSION[extension?.toLowerCase() ?? ''] ?? null
}

/** Format by a file's first bytes: JSON opens with a brace or a bracket, and no CSV header that is worth reading does. */
export function sniffFormat(head: Buffer): Format {
  return /^\uFEFF?\s*[[{]/.test(head.toString('utf8')) ? 'ndjson' : 'csv'
}
