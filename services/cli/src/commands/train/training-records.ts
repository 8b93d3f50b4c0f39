import { type Feature, featurePath, nameOfPath, parsePath, type Step, stepsOfColumn } from '@outflow/contracts'
import { type Fields, isRejection, makeReader, windowFiller, windowPlaces } from '@outflow/records'
import { makeSample } from '@outflow/streams/sample'
import { InputInvalid, UsageError } from '../../errors.js'
import { fileWindows } from '../../file-windows.js'
import { type LeftOut, makeFeatureInference } from '../../infer-features.js'
import type { Input } from '../../record-files/open-input.js'
import { readRecords } from '../../record-files/read-records.js'
import type { SourceRecord } from '../../record-files/source-record.js'

/** What a model is fitted to, read from a file. */
export interface TrainingRecords {
  readonly features: readonly Feature[]
  readonly leftOut: readonly LeftOut[]
  /** In the file's order. */
  readonly records: readonly Fields[]
  /** Rows of the file; more than `records` where it was sampled. */
  readonly rows: number
}

interface TrainingRecordsOptions {
  /** Null: inferred from the records. */
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
 * Reads a file once: infers the features from every record, and keeps a uniform sample of them.
 *
 * @throws {InputInvalid} naming file, line and field of the first kept record that breaks the features' contract
 * @throws {UsageError} when a column to exclude is not there, or none is left
 */
export async function readTrainingRecords(input: Input, options: TrainingRecordsOptions): Promise<TrainingRecords> {
  const inference = makeFeatureInference()
  const sample = makeSample(options.maxRows, options.seed, ({ record }: Row) => record)
  const look = fileWindows(input.name, options.features ?? [])
  let rows = 0
  for await (const batch of readRecords(input)) {
    options.signal.throwIfAborted()
    for (const source of batch) {
      inference.observe(source.record)
      const record = look === null ? source : { ...source, windows: look(source) }
      sample.add({ ...OF_THE_FILE, offset: BigInt(rows), record })
      rows += 1
    }
    options.onRows(rows)
  }
  if (rows === 0) throw new InputInvalid(input.name, null, 'it has no records')
  const inferred = inference.conclude()
  checkExcluded(input.name, options.exclude, inferred.paths)
  const isExcluded = (path: string): boolean => options.exclude.some((name) => isWithin(name, path))
  const features = (options.features ?? inferred.features).filter((feature) => !isExcluded(featurePath(feature)))
  if (features.length === 0) {
    const reasons = inferred.leftOut.map(({ path, why }) => `${nameOfPath(path)}: ${why}`)
    throw new UsageError(
      `${input.name} has no column that a model can use (${reasons.join('; ') || 'all are excluded'})`,
    )
  }
  return {
    features,
    leftOut: options.features ? [] : inferred.leftOut.filter(({ path }) => !isExcluded(path)),
    records: readAll(input.name, features, options.features ?? features, sample.records()),
    rows,
  }
}

function checkExcluded(file: string, excluded: readonly string[], paths: readonly string[]): void {
  const unknown = excluded.find((name) => !paths.some((path) => isWithin(name, path)))
  if (unknown === undefined) return
  throw new UsageError(`--exclude ${unknown}: ${file} has no such column; it has ${paths.map(nameOfPath).join(', ')}`)
}

/** Whether a path is the field of a column or path, or inside it: `route` is also `$.route.origin`. */
function isWithin(name: string, path: string): boolean {
  const steps = parsePath(path)
  const isPrefix = (own: readonly Step[]) => own.every((step, place) => step === steps[place])
  return isPrefix(name.startsWith('$') ? parsePath(name) : stepsOfColumn(name)) || isPrefix([name])
}

/** A record with the windowed features that its place in the file gives it. */
interface LookedAt extends SourceRecord {
  readonly windows?: readonly number[]
}

/** A record as the sample takes it: its row is the offset. */
interface Row {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  readonly record: LookedAt
}

/** The same for each file: under another name a file gives the same sample. */
const OF_THE_FILE = { topic: '', partition: 0, timestampMs: 0 } as const

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
