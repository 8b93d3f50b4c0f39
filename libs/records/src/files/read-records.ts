import type { Feature } from '@outflow/contracts'
import type { Fields } from '../fields/fields.js'
import { recordReader } from '../record-reader.js'
import { InputInvalid } from './errors.js'
import { readCsv } from './read-csv.js'
import { readNdjson } from './read-ndjson.js'
import type { FileRecord, RecordFile } from './record-file.js'

/**
 * Reads a file's records in batches of at most `BATCH_ROWS`; only a few batches are in memory at a time.
 *
 * @throws {InputInvalid} with file and line of the first record that cannot be read, or if the file has no records
 */
export async function* readRecords(file: RecordFile): AsyncGenerator<readonly FileRecord[]> {
  let isEmpty = true
  for await (const batch of file.format === 'csv' ? readCsv(file) : readNdjson(file)) {
    isEmpty = false
    yield batch
  }
  if (isEmpty) throw new InputInvalid(file.name, null, 'it has no records')
}

/**
 * Compiles features to the function that reads a file's records in order, like the messages of one partition: each counts in
 * the windows of later records. A rejection is an error here, because a file can be corrected and read again.
 *
 * @param windows  as in `ReaderOptions`. Default: `features`
 * @param hint     how to fix a rejected record, after the reason
 * @throws {InputInvalid} if a window uses Kafka's key or timestamp; the returned function throws it with the line and the field of
 *   a record that breaks its contract
 */
export function fileReader(
  file: string,
  features: readonly Feature[],
  windows: readonly Feature[] = features,
  hint = '',
): (record: FileRecord) => Fields {
  for (const feature of windows) if (feature.type === 'window') requireFieldsOf(file, feature)
  const reader = recordReader({ source: {}, features, windows, maxBytes: MAX_BYTES })
  return ({ line, record }) => {
    const read = reader.read({ ...MESSAGE_PLACEHOLDER, record })
    if ('reason' in read) throw new InputInvalid(file, line, read.detail + hint)
    return read.fields
  }
}

/** Memory for window states; in a file with more entities, the states of the least recently seen ones are dropped. */
const MAX_BYTES = 512 * 1024 ** 2

/** Message fields that a record of a file does not have; key and timestamp are not used. */
const MESSAGE_PLACEHOLDER = { topic: '', partition: 0, key: null, timestampMs: 0 }

function requireFieldsOf(file: string, { name, by, at }: Extract<Feature, { readonly type: 'window' }>): void {
  if (by !== undefined && at !== undefined) return
  const [what, fix] =
    by === undefined
      ? ["Kafka's message key", 'source.key, or by: of the feature']
      : ["Kafka's timestamp", 'source.timestamp, or at: of the feature']
  throw new InputInvalid(
    file,
    null,
    `the windowed feature ${name} needs ${what}, which a file does not have; fit with ${fix}`,
  )
}
