import type { Feature } from '@outflow/contracts'
import type { Fields } from '../fields/fields.js'
import { recordReader } from '../record-reader.js'
import { InputInvalid } from './errors.js'
import { readCsv } from './read-csv.js'
import { readNdjson } from './read-ndjson.js'
import type { FileRecord, RecordFile } from './record-file.js'

/**
 * Reads a file's records in batches of at most `BATCH_ROWS`; no more than a few batches are held at a time.
 *
 * @throws {InputInvalid} naming file and line of the first record that cannot be read, or when there is none
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
 * Compiles features to the function that reads a file's records in the file's order, as messages of one partition are read:
 * each counts in the windows of those behind it. A rejection is an error here: a file is corrected and read again, where a
 * stream sets the record aside.
 *
 * @param windows  as of `ReaderOptions`. Default: `features`
 * @throws {InputInvalid} at once when a window goes by what only Kafka's messages have; then naming the line and the field of
 *   a record that breaks its contract
 */
export function fileReader(
  file: string,
  features: readonly Feature[],
  windows: readonly Feature[] = features,
): (record: FileRecord) => Fields {
  for (const feature of windows) if (feature.type === 'window') requireFieldsOf(file, feature)
  const reader = recordReader({ source: {}, features, windows, maxBytes: MAX_BYTES })
  return ({ line, record }) => {
    const read = reader.read({ ...NO_MESSAGE, record })
    if ('reason' in read) throw new InputInvalid(file, line, read.detail)
    return read.fields
  }
}

/** Of a file with more entities than this has room for, those not seen for longest begin anew. */
const MAX_BYTES = 512 * 1024 ** 2

/** What a record of a file lacks of a message; neither key nor timestamp is looked at. */
const NO_MESSAGE = { topic: '', partition: 0, key: null, timestampMs: 0 }

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
