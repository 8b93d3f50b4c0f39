import type { Feature } from '@outflow/contracts'
import { type Fields, isRejection, makeReader } from '@outflow/encoding'
import { InputInvalid, UsageError } from './errors.js'
import { columnOfPath } from './flat-record.js'
import { type LeftOut, makeFeatureInference } from './infer-features.js'
import type { Input } from './record-files/open-input.js'
import { readRecords } from './record-files/read-records.js'
import type { SourceRecord } from './record-files/source-record.js'
import { makeReservoir } from './reservoir.js'

/** What a model is fitted to, read from a file. */
export interface TrainingRecords {
  readonly features: readonly Feature[]
  readonly leftOut: readonly LeftOut[]
  /** In the file's order. */
  readonly records: readonly Fields[]
  /** Rows of the file; more than `records` where it was sampled. */
  readonly rows: number
}

export interface TrainingRecordsOptions {
  /** Null: told from the records. */
  readonly features: readonly Feature[] | null
  /** Columns to pass over, by name. */
  readonly exclude: readonly string[]
  /** A larger file is sampled uniformly. */
  readonly maxRows: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onRows: (rows: number) => void
}

/**
 * Reads a file once: looks at every record to tell the features, and keeps a uniform sample of them.
 *
 * @throws {InputInvalid} naming file, line and field of the first kept record that breaks the features' contract
 * @throws {UsageError} when a column to exclude is not there, or none is left
 */
export async function readTrainingRecords(input: Input, options: TrainingRecordsOptions): Promise<TrainingRecords> {
  const inference = makeFeatureInference()
  const sample = makeReservoir<SourceRecord>(options.maxRows, options.seed)
  for await (const batch of readRecords(input)) {
    options.signal.throwIfAborted()
    for (const source of batch) {
      inference.observe(source.record)
      sample.offer(source)
    }
    options.onRows(sample.offered)
  }
  if (sample.offered === 0) throw new InputInvalid(input.name, null, 'it holds no record')
  const inferred = inference.conclude()
  const columns = inferred.fields
  const excluded = options.exclude.map((column) => columnOfPath(column))
  checkExcluded(input.name, excluded, columns)
  const isExcluded = (column: string): boolean => excluded.some((name) => isWithin(name, column))
  const features = (options.features ?? inferred.features).filter(({ path }) => !isExcluded(columnOfPath(path)))
  if (features.length === 0) {
    const reasons = inferred.leftOut.map(({ field, why }) => `${field}: ${why}`)
    throw new UsageError(
      `${input.name} has no column that a model can use (${reasons.join('; ') || 'all are excluded'})`,
    )
  }
  return {
    features,
    leftOut: options.features ? [] : inferred.leftOut.filter(({ field }) => !isExcluded(field)),
    records: readAll(input.name, features, sample.items()),
    rows: sample.offered,
  }
}

function checkExcluded(file: string, excluded: readonly string[], columns: readonly string[]): void {
  const unknown = excluded.find((name) => !columns.some((column) => isWithin(name, column)))
  if (unknown === undefined) return
  throw new UsageError(`--exclude ${unknown}: ${file} has no such column; it has ${columns.join(', ')}`)
}

/** `route` is the field itself, and stands for `route.origin` where it is an object. */
const isWithin = (name: string, column: string): boolean => column === name || column.startsWith(`${name}.`)

function readAll(file: string, features: readonly Feature[], sources: readonly SourceRecord[]): readonly Fields[] {
  const read = makeReader(features)
  return sources.map(({ line, record }) => {
    const fields = read(record)
    if (isRejection(fields)) throw new InputInvalid(file, line, fields.detail)
    return fields
  })
}
