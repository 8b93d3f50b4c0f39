import { didYouMean, type Feature, type Position } from '@outflow/contracts'
import { featurePath, nameOfPath, type Step, stepsOfColumn } from '@outflow/contracts/feature'
import type { Fields } from '../fields/fields.js'
import { type FeatureWarning, type LeftOut, makeFeatureInference } from '../inference/infer-features.js'
import { makeSample } from '../sample.js'
import { InputInvalid } from './errors.js'
import { fileReader, readRecords } from './read-records.js'
import type { FileRecord, Format, RecordFile } from './record-file.js'

/** The records of a file that a model is fitted to. */
export interface TrainingRecords {
  readonly features: readonly Feature[]
  readonly leftOut: readonly LeftOut[]
  readonly warnings: readonly FeatureWarning[]
  /** In the file's order. */
  readonly records: readonly Fields[]
  /** Rows of the file; more than `records` if it was sampled. */
  readonly rows: number
}

interface TrainingRecordsOptions {
  /** Null: inferred from the records. */
  readonly features: readonly Feature[] | null
  /** Names of the columns to leave out. */
  readonly exclude: readonly string[]
  /** A larger file is sampled uniformly. */
  readonly maxRows: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onRows: (rows: number) => void
}

/**
 * Reads a file once: infers the features from every record, and keeps a uniform sample of them. Given windowed features count every
 * record; inferred ones only the sample, as the records before are gone.
 *
 * @throws {InputInvalid} with file, line and field of the first record that breaks the features' contract (the first of the sample if
 *   features are inferred); if a column to exclude does not exist; if no column is left
 */
export async function readTrainingRecords(
  file: RecordFile,
  { features: given, exclude, maxRows, seed, signal, onRows }: TrainingRecordsOptions,
): Promise<TrainingRecords> {
  const isExcluded = (path: string) => exclude.some((name) => isWithin(name, path))
  const withoutExcluded = (features: readonly Feature[]) =>
    features.filter((feature) => !isExcluded(featurePath(feature)))
  const read = given && fileReader(file.name, withoutExcluded(given), given)
  const inference = makeFeatureInference({ withLists: file.format === 'csv' })
  // The offset is the row. With given features a record has fields already, because windows are read in order.
  const sample = makeSample(maxRows, seed, ({ record }: Position & { readonly record: FileRecord | Fields }) => record)
  let rows = 0
  for await (const batch of readRecords(file)) {
    signal.throwIfAborted()
    for (const record of batch) {
      inference.observe(record.record)
      sample.add({ ...OF_THE_FILE, offset: BigInt(rows), record: read === null ? record : read(record) })
      rows += 1
    }
    onRows(rows)
  }
  const kept = sample.records()
  const inferred = inference.conclude(kept.flatMap((row) => ('line' in row ? [row.record] : [])))
  checkExcluded(file.name, exclude, [...new Set([...inferred.paths, ...(given ?? []).map(featurePath)])])
  const features = withoutExcluded(given ?? inferred.features)
  if (features.length === 0) {
    const reasons = listed(
      inferred.leftOut.map(({ path, why }) => `${nameOfPath(path)}: ${why}`),
      '; ',
    )
    throw new InputInvalid(
      file.name,
      null,
      `no column is usable by a model (${reasons || 'all are excluded'})${oneColumnHint(file.format, inferred.paths)}`,
    )
  }
  const readLater = fileReader(file.name, features, features, WRONG_KIND)
  return {
    features,
    leftOut: given ? [] : inferred.leftOut.filter(({ path }) => !isExcluded(path)),
    warnings: inferred.warnings.filter(({ path }) => features.some((feature) => featurePath(feature) === path)),
    records: kept.map((row) => ('line' in row ? readLater(row) : row)),
    rows,
  }
}

/** Nearly all values of an inferred feature are of its type; the others may be errors, or show that the numbers are codes. */
const WRONG_KIND = '; correct it, or --exclude the column, or set its type in a --config, which `outflow init` writes'

/** How to fix a CSV file of one column that no model can use: another delimiter, or lines above the header. */
export const oneColumnHint = (format: Format, paths: readonly string[]): string =>
  format === 'csv' && paths.length === 1
    ? '; the file has one column: the first line must be the header, and commas, semicolons, tabs or | separate values'
    : ''

function checkExcluded(file: string, excluded: readonly string[], paths: readonly string[]): void {
  const unknown = excluded.find((name) => !paths.some((path) => isWithin(name, path)))
  if (unknown === undefined) return
  const names = paths.map(nameOfPath)
  const meant = didYouMean(unknown, names)
  const hint = meant === undefined ? `; the columns are ${listed(names, ', ')}` : ` (Did you mean ${meant}?)`
  throw new InputInvalid(file, null, `no column ${unknown} to exclude${hint}`)
}

/** The first names, and the number of the others: a map by id has thousands of keys. */
function listed(names: readonly string[], separator: string): string {
  const more = names.length > MOST_LISTED ? [`${names.length - MOST_LISTED} more`] : []
  return [...names.slice(0, MOST_LISTED), ...more].join(separator)
}

const MOST_LISTED = 20

/** Whether a path is the field of a column or path, or inside it: `route` is also `$.route.origin`. */
function isWithin(name: string, path: string): boolean {
  const steps = stepsOf(path)
  return [stepsOf(name), stepsOfColumn(name), [name]].some((own) => own.every((step, place) => step === steps[place]))
}

/** The steps of a path or a column, also of a name that only begins like a path, such as `$price`. */
const stepsOf = (name: string): readonly Step[] => stepsOfColumn(name.replace(/^\$(?:\.|(?=\[))/, ''))

/** The same for each file, so that a renamed file gives the same sample. */
const OF_THE_FILE = { topic: '', partition: 0 }
