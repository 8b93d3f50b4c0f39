import type { Detector } from '@outflow/detector'
import { type Fields, isRejection, windowFiller, windowPlaces } from '@outflow/records'
import { InputInvalid } from './errors.js'
import { fileWindows } from './file-windows.js'
import type { Input } from './record-files/open-input.js'
import { readRecords } from './record-files/read-records.js'
import type { SourceRecord } from './record-files/source-record.js'

/** A batch of a file's records with their scores. */
export interface ScoredBatch {
  /** The row of the batch's first record, from 0 in input order. */
  readonly firstRow: number
  readonly records: readonly SourceRecord[]
  readonly fields: readonly Fields[]
  /** [count], nats */
  readonly nll: Float64Array
  /** [count] */
  readonly pValue: Float64Array
}

/**
 * Scores a file's records batch by batch, in order; no more than a few batches are in memory.
 *
 * @throws {InputInvalid} naming line and field of the first record that breaks the model's contract: a file is corrected and
 *   scored again, where a stream sets the record aside
 */
export async function* scoreRecords(
  detector: Detector,
  input: Input,
  signal: AbortSignal,
): AsyncGenerator<ScoredBatch> {
  const { features } = detector.metadata
  const look = fileWindows(input.name, features)
  const fill = windowFiller(features, windowPlaces(features, features))
  let firstRow = 0
  for await (const records of readRecords(input)) {
    signal.throwIfAborted()
    const fields = records.map((record) => {
      const own = readFields(detector.read, input.name, record)
      return look === null ? own : fill(own, look(record))
    })
    const { nll, pValue } = await detector.score(fields)
    yield { firstRow, records, fields, nll, pValue }
    firstRow += records.length
  }
  if (firstRow === 0) throw new InputInvalid(input.name, null, 'it has no records')
}

function readFields(read: Detector['read'], file: string, { line, record }: SourceRecord): Fields {
  const fields = read(record)
  if (isRejection(fields)) throw new InputInvalid(file, line, fields.detail)
  return fields
}
