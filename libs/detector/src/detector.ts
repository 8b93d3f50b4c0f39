import type { Explanation, Feature, ModelMetadata, Rejection } from '@outflow/contracts'
import { relativeScale, unitNll } from '@outflow/encoding'
import { makeReader } from '@outflow/records'
import { type Fields, type FieldTable, numberColumnsOf, packFields } from '@outflow/records/fields'
import { decodeModel } from './artefact.js'
import { pUpperLimit, pValues } from './calibration/conformal.js'
import { thresholdOf } from './decision/model-threshold.js'
import { type FieldShift, fieldShifts } from './drift/field-shifts.js'
import { explainRecord } from './explaining/explain.js'
import { findNewValue, type NewValue } from './explaining/new-value.js'
import { runNllQueries } from './explaining/nll-queries.js'
import { type NumberBand, numberBands } from './explaining/number-bands.js'
import { sampleFields, sampleRecords } from './sample-records.js'
import { type ModelScores, nllBy, openTableScorer } from './scoring/model-scorer.js'
import type { ScoringThread } from './scoring/threaded-scorer.js'

/** Scores of a batch. */
export interface Scores extends ModelScores {
  /** [count]; share of normal records with an nll at least as high, above 0, at most 1: counted, and from a fitted tail beyond the count */
  readonly pValue: Float64Array
}

interface DetectorOptions {
  /** Thread that scores all but small batches. Default: the calling thread, where explanations are always computed. */
  readonly thread?: ScoringThread
}

/** An open model. */
export interface Detector {
  readonly metadata: ModelMetadata
  /**
   * Reads the fields of a decoded record, or returns why it breaks its contract.
   *
   * @param windowed  as `windowed` returned them; default: they are missing
   */
  read(record: unknown, windowed?: readonly (number | null)[]): Fields | Rejection
  /** The values of windowed features, which a record does not contain; null if the model has none. */
  windowed(fields: Fields): readonly (number | null)[] | null
  /**
   * Scores a batch.
   *
   *     nll = −log p(c) − log p(x | c)
   *
   * p(c) is a probability, p(x | c) a density: of a number in its own unit or on its log scale, of a cyclic time in hours. A
   * missing number has the density of one deviation, so that optional numbers do not make a record less likely; |z| is clamped
   * to 1e4.
   */
  score(batch: readonly Fields[]): Promise<Scores>
  /** `score` for records in a packed table. */
  scoreTable(table: FieldTable): Promise<Scores>
  /**
   * NLLs that can be compared with those of another model of the same features and usual values: of numbers in their own unit also on a
   * log scale, and without the density of a missing number.
   *
   * @param nll  [batch], nats; the NLLs of the records
   */
  comparableNll(batch: readonly Fields[], nll: Float64Array): Float64Array
  /** The p-values of NLLs [count] in nats, as in `Scores.pValue`. */
  pValues(nll: Float64Array): Float64Array
  /** The 95 % upper confidence limit of the p-value of an NLL in nats, given the size of the calibration set. */
  pUpperLimit(nll: number): number
  /**
   * Explains why records are improbable: reasons, the main one first, and a counterfactual. Meant for anomalies.
   *
   * @param nll    [batch], nats; the NLLs of the records. Default: they are computed.
   * @param rates  [batch]; the largest `pValues` of an anomaly by the decision on each record. Default: the model's alert rate.
   * @returns [batch]
   */
  explain(batch: readonly Fields[], nll?: ArrayLike<number>, rates?: ArrayLike<number>): Promise<Explanation[]>
  /**
   * [batch][names] Each number, and the span in which nine in ten values lie given all other fields of its record.
   *
   * @param names  of numeric features
   */
  bands(batch: readonly Fields[], names: readonly string[]): Promise<NumberBand[][]>
  /** Names of the numbers whose scale a few extreme values of the training records have made too large for the others. */
  readonly stretched: readonly string[]
  /** The numbers of which nearly all training records had one value, and that value: it has a probability, the others a density. */
  readonly usualOf: Readonly<Record<string, number>>
  /** [batch]; for each record the unseen category value that alone makes it an anomaly, null if there is none. */
  newValues(batch: readonly Fields[]): Promise<(NewValue | null)[]>
  /**
   * How much each field's distribution in recent records differs from that in training, the largest change first.
   *
   * @param recent  at least 40 records
   */
  fieldShifts(recent: readonly Fields[]): readonly FieldShift[]
  /** Synthetic normal records with the fields of the input, nested paths included; the same seed gives the same records. */
  sample(count: number, seed: number): Promise<Record<string, unknown>[]>
  /** The fields of such records, with windowed features and measures of texts, which a record does not contain. */
  sampleFields(count: number, seed: number): Promise<Fields[]>
  close(): Promise<void>
}

/** Batches up to this size are scored in the calling thread: the transfer takes longer, and on busy cores each thread waits. */
const SMALL_BATCH = 64

/**
 * Opens a model artefact.
 *
 * @throws {ModelForeign} when the bytes are not a model of outflow
 * @throws {ModelVersionUnknown} when a later outflow wrote it
 * @throws {ModelDamaged} when it is truncated or was changed
 * @throws {ScoringThreadEnded} when the thread cannot open it
 */
export async function openDetector(artefact: Uint8Array, { thread }: DetectorOptions = {}): Promise<Detector> {
  const model = decodeModel(artefact)
  const { encoder, flow, calibration, metadata } = model
  const opening = [thread?.open(encoder, flow), openTableScorer(encoder, flow)] as const
  const [threaded, local] = await Promise.all(opening).catch(async (error: unknown) => {
    // An open model keeps the thread, and so the process, running.
    for (const opened of await Promise.allSettled(opening))
      if (opened.status === 'fulfilled') await opened.value?.close()
    throw error
  })
  const forLarge = threaded ?? local
  const thresholdNll = thresholdOf(model, metadata.alertRate)
  // The last one is kept: a threshold in the tail takes some seventy p-values to find, and most rates are equal.
  let latest = { rate: metadata.alertRate, nll: thresholdNll }
  const thresholdAt = (rate: number) => {
    if (rate !== latest.rate) latest = { rate, nll: thresholdOf(model, rate) }
    return latest.nll
  }
  // Few records do not determine how rare a record beyond all of them is: there a tail found three times as many anomalies as the rate.
  const smallestPValue = metadata.provisional ? metadata.calibration.smallestPValue : 0
  const pValuesOf = (nll: Float64Array) => {
    const calibrated = pValues(calibration, nll)
    return smallestPValue > 0 ? calibrated.map((p) => Math.max(smallestPValue, p)) : calibrated
  }
  // An explanation scores a few rows many times: in the thread each call would wait behind batches.
  const roughNll = nllBy(local.scoreRoughly)
  const nllOf = nllBy(local.score)
  const scoreTable = async (table: FieldTable) => {
    const scores = await (table.count > SMALL_BATCH ? forLarge : local).score(table)
    return { ...scores, pValue: pValuesOf(scores.nll) }
  }
  const ofUnits = unitNll(encoder)
  return {
    metadata,
    ...windowedReader(encoder.features),
    score: (batch) => scoreTable(packFields(batch)),
    scoreTable,
    comparableNll: (batch, nll) => nll.map((own, at) => own - ofUnits(batch[at]!)),
    pValues: pValuesOf,
    pUpperLimit: (nll) => Math.max(smallestPValue, pUpperLimit(calibration, nll)),
    explain: async (batch, nll, rates) => {
      const nlls = nll ?? (await nllOf(batch))
      const queries = batch.map((fields, at) =>
        explainRecord(encoder, { fields, nll: nlls[at]! }, thresholdAt(rates?.[at] ?? metadata.alertRate)),
      )
      return runNllQueries(roughNll, queries)
    },
    bands: (batch, names) => {
      const places = names.map((name) => encoder.numbers.findIndex((column) => column.name === name))
      return runNllQueries(
        roughNll,
        batch.map((fields) => numberBands(encoder, fields, places)),
      )
    },
    newValues: (batch) =>
      runNllQueries(
        nllOf,
        batch.map((fields) => findNewValue(encoder, fields, thresholdNll)),
      ),
    stretched: encoder.numbers.filter((column) => relativeScale(column) > STRETCHED).map(({ name }) => name),
    usualOf: Object.fromEntries(encoder.numbers.flatMap(({ name, usual }) => (usual === null ? [] : [[name, usual]]))),
    fieldShifts: (recent) => fieldShifts(encoder, recent),
    sample: (count, seed) => sampleRecords(model, count, seed),
    sampleFields: (count, seed) => sampleFields(model, count, seed),
    close: async () => {
      for (const open of new Set([local, forLarge])) await open.close()
    },
  }
}

/** Long-tailed numbers of a linear scale have a scale of a few deviations; it is limited to twenty of most values. */
const STRETCHED = 10

function windowedReader(features: readonly Feature[]): Pick<Detector, 'read' | 'windowed'> {
  const read = makeReader(features)
  const slots = numberColumnsOf(features).flatMap(({ feature, at }) => (feature.type === 'window' ? [at] : []))
  return {
    read: (record, windowed) => {
      const fields = read(record)
      if (windowed === undefined || 'reason' in fields) return fields
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
