import { type Feature, featurePath } from '@outflow/contracts'
import { type Fields, isRejection, makeReader, windowFiller } from '@outflow/encoding'
import { windowPlaces } from '@outflow/windows'
import { InputInvalid, UsageError } from './errors.js'
import { fileWindows } from './file-windows.js'
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
  const sample = makeReservoir<LookedAt>(options.maxRows, options.seed)
  const look = fileWindows(input.name, options.features ?? [])
  for await (const batch of readRecords(input)) {
    options.signal.throwIfAborted()
    for (const source of batch) {
      inference.observe(source.record)
      sample.offer(look === null ? source : { ...source, windows: look(source) })
    }
    options.onRows(sample.offered)
  }
  if (sample.offered === 0) throw new InputInvalid(input.name, null, 'it holds no record')
  const inferred = inference.conclude()
  const columns = inferred.fields
  const excluded = options.exclude.map((column) => columnOfPath(column))
  checkExcluded(input.name, excluded, columns)
  const isExcluded = (column: string): boolean => excluded.some((name) => isWithin(name, column))
  const features = (options.features ?? inferred.features).filter(
    (feature) => !isExcluded(columnOfPath(featurePath(feature))),
  )
  if (features.length === 0) {
    const reasons = inferred.leftOut.map(({ field, why }) => `${field}: ${why}`)
    throw new UsageError(
      `${input.name} has no column that a model can use (${reasons.join('; ') || 'all are excluded'})`,
    )
  }
  return {
    features,
    leftOut: options.features ? [] : inferred.leftOut.filter(({ field }) => !isExcluded(field)),
    records: readAll(input.name, features, options.features ?? features, sample.items()),
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

/** A record with the windowed features that its place in the file gives it. */
interface LookedAt extends SourceRecord {
  readonly windows?: readonly number[]
}

/** @param all  the features that the windows are of, the excluded ones among them */
function readAll(
  file: string,
  features: readonly Feature[],
  all: readonly Feature[],
  sources: readonly LookedAt[],
): readonly Fields[] {
  const read = makeReader(features)
  const fill = windowFiller(features, windowPlaces(features, all))
  return sources.map(({ line, record, windows }) => {
    const fields = read(record)
    if (isRejection(fields)) throw new InputInvalid(file, line, fields.detail)
    return windows === undefined ? fields : fill(fields, windows)
  })
}
