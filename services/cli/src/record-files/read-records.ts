import type { Input } from './open-input.js'
import { readCsv } from './read-csv.js'
import { readNdjson } from './read-ndjson.js'
import type { SourceRecord } from './source-record.js'

/**
 * Reads a file's records in batches of at most `BATCH_ROWS`; no more than a few batches are held at a time.
 *
 * @throws {InputInvalid} naming file and line of the first record that cannot be read
 */
export function readRecords(input: Input): AsyncGenerator<readonly SourceRecord[]> {
  return input.format === 'csv' ? readCsv(input) : readNdjson(input)
}
