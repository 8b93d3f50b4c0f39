import type { Explanation, Feature, ModelMetadata, Rejection } from '@outflow/contracts'
import {
  type Fields,
  type FieldTable,
  isRejection,
  makeReader,
  missingFeatures,
  numberColumnsOf,
  packFields,
} from '@outflow/records'
import { decodeModel } from './artefact.js'
import { alertThreshold, pUpperLimit, pValues } from './conformal.js'
import { explainRecord } from './explain.js'
import { openTableScorer } from './model-scorer.js'
import { findNewValues, type NewValue } from './new-value.js'
import { runNllQueries } from './nll-queries.js'
import { sampleRecords } from './sample-records.js'
import type { ScoringThread } from './threaded-scorer.js'

/** How improbable each record of a batch is. */
export interface Scores {
  /** [count]; −log p(c) − log p(x | c), nats, in the record's own units */
  readonly nll: Float64Array
  /** [count]; the share of normal records with an nll at least as high, above 0, at most 1: counted, and beyond the last few from a fitted tail */
  readonly pValue: Float64Array
  /** Values of categories, in the whole batch, that training did not see. */
  readonly unseenValues: number
  /** Missing values in the whole batch. */
  readonly missingValues: number
}

interface DetectorOptions {
  /** Thread that scores all but small batches. Default: the calling thread, where explanations are always computed. */
  readonly thread?: ScoringThread
}

/** A fitted model at work. */
export interface Detector {
  readonly metadata: ModelMetadata
  /**
   * Reads the fields of a decoded record, or returns why it breaks its contract.
   *
   * @param windowed  as `windowed` returned them; default: they are missing
   */
  read(record: unknown, windowed?: readonly (number | null)[]): Fields | Rejection
  /** The values of windowed features, which no record holds; null: the model has none. */
  windowed(fields: Fields): readonly (number | null)[] | null
  /**
   * Scores a batch.
   *
   *     nll = −log p(c) − log p(x | c)
   *
   * p(c) is a probability, p(x | c) a density in the record's own units: a number counts in its own unit, a cyclic time
   * in hours. A missing number adds nothing but the probability of being missing; |z| beyond 1e4 counts as 1e4.
   */
  score(batch: readonly Fields[]): Promise<Scores>
  /** The same for records that lie in a table already. */
  scoreTable(table: FieldTable): Promise<Scores>
  /** [count] p-values that belong to nlls, as `score` gives them. */
  pValues(nll: Float64Array): Float64Array
  /** The 95 % upper confidence limit of the p-value that belongs to an nll: how sure the calibration set is of it. */
  pUpperLimit(nll: number): number
  /**
   * [batch] Why each record is improbable, the field with the most bits first, and what would have been normal; meant for
   * anomalies. @param nll  [batch]; the records' own, nats; default: they are scored
   */
  explain(batch: readonly Fields[], nll?: ArrayLike<number>): Promise<Explanation[]>
  /** Names the features that a record leaves missing: it is scored on the others. */
  missing(fields: Fields): string[]
  /** [batch] For each record the value that alone makes it an anomaly, one that training did not see; null: there is none. */
  newValues(batch: readonly Fields[]): Promise<(NewValue | null)[]>
  /** Synthetic normal records with the input's own fields, nested paths rebuilt; the same seed gives the same records. */
  sample(count: number, seed: number): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** Two threads that take turns take longer over so few records than one alone, and on busy cores each waits for its turn. */
const AT_HAND = 64

/**
 * Opens a model artefact for work.
 *
 * @throws {ModelForeign} when the bytes are no model of ours
 * @throws {ModelVersionUnknown} when a later outflow wrote it
 * @throws {ModelDamaged} when it is truncated or was changed
 * @throws {ScoringThreadEnded} when the thread cannot open it
 */
export async function openDetector(artefact: Uint8Array, { thread }: DetectorOptions = {}): Promise<Detector> {
  const model = decodeModel(artefact)
  const { encoder, flow, calibration, metadata } = model
  const [there, here] = await Promise.all([thread?.open(artefact), openTableScorer(encoder, flow)])
  const aside = there ?? here
  const ordinaryNll = alertThreshold(calibration, metadata.alertRate)
  // An explanation asks for a few rows again and again: it does not stand in line behind the batches.
  const roughNll = async (batch: readonly Fields[]) => (await here.scoreRoughly(packFields(batch))).nll
  const nllOf = async (batch: readonly Fields[]) => (await here.score(packFields(batch))).nll
  const scoreTable = async (table: FieldTable) => {
    const { nll, unseenValues, missingValues } = await (table.count > AT_HAND ? aside : here).score(table)
    return { nll, pValue: pValues(calibration, nll), unseenValues, missingValues }
  }
  return {
    metadata,
    ...windowedReader(encoder.features),
    score: (batch) => scoreTable(packFields(batch)),
    scoreTable,
    pValues: (nll) => pValues(calibration, nll),
    pUpperLimit: (nll) => pUpperLimit(calibration, nll),
    explain: async (batch, nll) => {
      const own = nll ?? (await nllOf(batch))
      const queries = batch.map((fields, at) => explainRecord(encoder, { fields, nll: own[at]! }, ordinaryNll))
      return runNllQueries(roughNll, queries)
    },
    newValues: (batch) => findNewValues(encoder, nllOf, batch, ordinaryNll),
    missing: (fields) => missingFeatures(encoder.features, fields),
    sample: (count, seed) => sampleRecords(model, count, seed),
    close: async () => {
      for (const open of new Set([here, aside])) await open.close()
    },
  }
}

function windowedReader(features: readonly Feature[]): Pick<Detector, 'read' | 'windowed'> {
  const read = makeReader(features)
  const slots = numberColumnsOf(features).flatMap(({ feature, at }) => (feature.type === 'window' ? [at] : []))
  return {
    read: (record, windowed) => {
      const fields = read(record)
      if (windowed === undefined || isRejection(fields)) return fields
      const numbers = [...fields.numbers]
      slots.forEach((at, place) => {
        numbers[at] = windowed[place] ?? Number.NaN
      })
      return { ...fields, numbers }
    },
    windowed: ({ numbers }) => {
      if (slots.length === 0) return null
      return slots.map((at) => (Number.isNaN(numbers[at]) ? null : numbers[at]!))
    },
  }
}
