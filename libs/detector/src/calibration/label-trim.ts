import type { Verdict } from '@outflow/contracts/verdict'
import { decodeModel, encodeModel } from '../artefact.js'
import { type Calibration, calibrationSteps, calibrationSummary, sortedNlls } from './conformal.js'
import { fitParetoTail, joinLater } from './pareto-tail.js'

/** A calibration record that a person may label. */
export interface CalibrationLabel {
  /** Rank among the calibration records; 0 is the least likely. */
  readonly rank: number
  /** confirmed: an anomaly; another one: normal; null: not labelled. */
  readonly verdict: Verdict | null
}

/** The size of the calibration set, and the alert rate that it was sized for. */
interface LabelPlan {
  readonly rows: number
  readonly alertRate: number
}

/**
 * Chooses the calibration records that a person may label: up to 10 evenly spaced ranks in each of up to five strata. The first stratum
 * has twice as many records as the alert rate allows anomalies, and the bounds of the others grow geometrically to a fifth of the set.
 *
 * @returns ranks, ascending; at most 50
 */
export function ranksToLabel(plan: LabelPlan): number[] {
  return strataOf(plan).flatMap((stratum) => evenlySpaced(ranksOf(stratum), LABELS_PER_STRATUM))
}

/**
 * Returns the records to label next: those without a label in the first stratum that has one, while fewer normal records are expected in
 * the strata before it than twice the alert rate. Further labels do not move the threshold.
 *
 * @param records  those of `ranksToLabel`
 * @returns empty: no more labels are needed
 */
export function nextToLabel<R extends CalibrationLabel>(plan: LabelPlan, records: readonly R[]): R[] {
  let normal = 0
  for (const stratum of strataOf(plan)) {
    const sample = recordsIn(stratum, records)
    if (!sample.every(isLabelled)) return sample.filter((record) => !isLabelled(record))
    normal += stratum.to - stratum.from - anomaliesIn(stratum, sample)
    if (normal >= FIRST_STRATUM * plan.alertRate * plan.rows) return []
  }
  return []
}

/** Estimates the share of anomalies among the calibration records, by the strata that are labelled as a whole: a lower bound, about. */
export function labelledAnomalyShare(plan: LabelPlan, records: readonly CalibrationLabel[]): number {
  const samples = strataOf(plan).map((stratum) => ({ stratum, sample: recordsIn(stratum, records) }))
  const anomalies = samples.map(({ stratum, sample }) => (sample.every(isLabelled) ? anomaliesIn(stratum, sample) : 0))
  return anomalies.reduce((sum, count) => sum + count, 0) / plan.rows
}

/**
 * Removes anomalies from a calibration set by the labels of a part of it (label-trim).
 *
 * Confirmed records are removed. If all m offered records of a stratum are labelled and a of them confirmed, the share a / m of its
 * other records is removed too, evenly spaced by rank: an estimate of the share of anomalies, with a standard error of at most .16 for ten labels.
 *
 * Let n be the normal records of the set and k the remaining anomalies. If only anomalies are removed, the p-value is at least
 * p·(n + 1) / (n + k + 1), where p is the p-value by the normal records alone: P(p-value ≤ α) ≤ α·(1 + k / (n + 1)) for a normal
 * record exchangeable with them, for any model and any choice of removed anomalies. If other records are removed too, as in sets of
 * thousands, some of them are normal: the rate then has the error of the estimate, for which there is no finite-sample bound.
 *
 * @param ascending  [rows], nats
 * @param records    those of `ranksToLabel`, with their labels
 * @returns the remaining NLLs, ascending
 * @see Bashari, Sesia & Romano 2025, ICML, arXiv:2502.04807, algorithms 1 and 2: all labels on the least likely records
 */
export function withoutAnomalies(
  ascending: Float64Array,
  alertRate: number,
  records: readonly CalibrationLabel[],
): Float64Array {
  const rows = ascending.length
  const isRemoved = new Uint8Array(rows)
  for (const stratum of strataOf({ rows, alertRate })) {
    const sample = recordsIn(stratum, records)
    for (const { rank } of sample.filter(isConfirmed)) isRemoved[rank] = 1
    // A part of the sample would be biased: people label the least likely records first.
    if (!sample.every(isLabelled)) continue
    const sampled = new Set(sample.map(({ rank }) => rank))
    const others = ranksOf(stratum).filter((rank) => !sampled.has(rank))
    const removed = Math.round(anomaliesIn(stratum, sample) - sample.filter(isConfirmed).length)
    for (const rank of evenlySpaced(others, removed)) isRemoved[rank] = 1
  }
  return ascending.filter((_, index) => isRemoved[rows - 1 - index] === 0)
}

/**
 * Makes a model with the same weights and a calibration set without the anomalies that the labels indicate: a new artefact, without a fit.
 *
 * @param artefact  of the model as it was fitted, whose calibration records were labelled
 * @param until     when the latest label was given
 * @throws {ModelForeign | ModelVersionUnknown | ModelDamaged} when it cannot be opened
 */
export function trimCalibration(artefact: Uint8Array, records: readonly CalibrationLabel[], until: Date) {
  const { metadata, ...model } = decodeModel(artefact)
  const { modelId, ...fitted } = metadata
  const nlls = withoutAnomalies(sortedNlls(model.calibration), metadata.alertRate, records)
  const calibration = calibrationOf(nlls, metadata.alertRate)
  const confirmed = records.filter(isConfirmed).length
  const normal = records.filter(isLabelled).length - confirmed
  return encodeModel(
    { ...model, calibration },
    {
      ...fitted,
      calibration: {
        ...calibrationSummary(nlls, calibration, 0),
        labels: { of: modelId, until: until.toISOString(), confirmed, normal },
      },
    },
  )
}

/**
 * The calibration of a trimmed set. Its extreme records are labelled, so the remaining ones are normal, and the tail must include them.
 *
 * p-values are counted up to the last step above the alert rate, because they are more exact than the tail of a small set: the bound of
 * `withoutAnomalies`, which is that of counted p-values, holds at the alert rate to within one record, 1 / (n + 1).
 *
 * @param ascending  [n], nats
 */
export function calibrationOf(ascending: Float64Array, alertRate: number): Calibration {
  const tail = fitParetoTail(ascending)
  // (beyond + 1) / (n + 1) > alertRate
  const beyond = Math.floor(alertRate * (ascending.length + 1))
  const isLater = tail !== null && beyond >= 1 && beyond < tail.beyond
  return { ...calibrationSteps(ascending), tail: isLater ? joinLater(tail, ascending, beyond) : tail }
}

/** Ranks: from ≤ rank < to. */
interface Stratum {
  readonly from: number
  readonly to: number
}

const STRATA = 5
/** Share of anomalies of ten labels: a standard error of at most .16. */
const LABELS_PER_STRATUM = 10
/** Records in the first stratum, in units of the alert rate: with none confirmed, the threshold is within it. */
const FIRST_STRATUM = 2
/** Part of the set that the strata cover: more anomalies than a fifth are no contamination. */
const COVERED = 0.2

function strataOf({ rows, alertRate }: LabelPlan): Stratum[] {
  const last = Math.floor(COVERED * rows)
  const first = Math.min(last, Math.max(LABELS_PER_STRATUM, Math.ceil(FIRST_STRATUM * alertRate * rows)))
  const bounds = Array.from({ length: STRATA }, (_, place) =>
    Math.round(first * (last / first) ** (place / (STRATA - 1))),
  )
  return bounds.flatMap((to, place) => {
    const from = bounds[place - 1] ?? 0
    return to > from ? [{ from, to }] : []
  })
}

const ranksOf = ({ from, to }: Stratum) => Array.from({ length: to - from }, (_, index) => from + index)

/** @param sample  records of the stratum, all labelled */
function anomaliesIn({ from, to }: Stratum, sample: readonly CalibrationLabel[]): number {
  return sample.length === 0 ? 0 : ((to - from) * sample.filter(isConfirmed).length) / sample.length
}

function recordsIn<R extends CalibrationLabel>({ from, to }: Stratum, records: readonly R[]): R[] {
  return records.filter(({ rank }) => from <= rank && rank < to)
}

const isLabelled = ({ verdict }: CalibrationLabel) => verdict !== null
const isConfirmed = ({ verdict }: CalibrationLabel) => verdict === 'confirmed'

/** Returns `count` of the values, or all where there are fewer. */
function evenlySpaced(values: readonly number[], count: number): number[] {
  const until = (index: number) => Math.floor((index * Math.min(count, values.length)) / values.length)
  return values.filter((_, index) => until(index + 1) > until(index))
}
