import { type FileRecord, fileReader, type RecordFile, readRecords } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import type { Detector, Scores } from './detector.js'

export interface ScoredBatch extends Pick<Scores, 'nll' | 'pValue'> {
  /** The row of the batch's first record, from 0 in input order. */
  readonly firstRow: number
  readonly records: readonly FileRecord[]
  readonly fields: readonly Fields[]
}

interface FileScorer {
  readonly metadata: Pick<Detector['metadata'], 'features'>
  score(records: readonly Fields[]): Promise<Pick<Scores, 'nll' | 'pValue'>>
}

/**
 * Scores a file's records batch by batch, in order; no more than a few batches are in memory.
 *
 * @throws {InputInvalid} naming line and field of the first record that breaks the model's contract, or when there is no record
 */
export async function* scoreFile(detector: FileScorer, file: RecordFile): AsyncGenerator<ScoredBatch> {
  const read = fileReader(file.name, detector.metadata.features)
  let firstRow = 0
  for await (const records of readRecords(file)) {
    const fields = records.map(read)
    const { nll, pValue } = await detector.score(fields)
    yield { firstRow, records, fields, nll, pValue }
    firstRow += records.length
  }
}
