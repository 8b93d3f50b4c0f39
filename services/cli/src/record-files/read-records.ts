import type { Input } from './open-input.js'
import { readCsv } from './read-csv.js'
import { readNdjson } from './read-ndjson.js'

/** A record and where it stands. In CSV every value is a string; a column `route.origin` is the field `$.route.origin`. */
export interface SourceRecord {
  /** Counted from 1, the header included; of a record over several lines, the last. */
  readonly line: number
  readonly record: Readonly<Record<string, unknown>>
}

/** One round through the scorer: large enough that its overhead vanishes, small enough to hold many. */
export const BATCH_ROWS = 1024

/** A longer record is a broken file (a quote never closed, lines never ended) and would be held in memory whole. */
export const MAX_RECORD_BYTES = 16 * 1024 ** 2

/**
 * Reads a file's records in batches of at most `BATCH_ROWS`; no more than a few batches are held at a time.
 *
 * @throws {InputInvalid} naming file and line of the first record that can not be read
 */
export function readRecords(input: Input): AsyncGenerator<readonly SourceRecord[]> {
  return input.format === 'csv' ? readCsv(input) : readNdjson(input)
}
