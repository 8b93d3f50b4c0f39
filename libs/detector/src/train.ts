import { type Config, type Feature, MODEL_SCHEMA_VERSION, type ModelMetadata, outflowVersion } from '@outflow/contracts'
import { contextDim, type FittedEncoder, fitEncoder, rowDim } from '@outflow/encoding'
import {
  type BackendName,
  type Fit,
  type FitOptions,
  type FitProgress,
  type FitReport,
  type FitTable,
  fitFlows,
  flowSpec,
  type MixtureBase,
} from '@outflow/flow'
import { categoryColumnsOf, type Fields } from '@outflow/records/fields'
import { encodeModel } from './artefact.js'
import { calibrationSteps, calibrationSummary } from './calibration/conformal.js'
import { ranksToLabel } from './calibration/label-trim.js'
import { foldsOf, outOfFoldNlls } from './calibration/out-of-fold.js'
import { fitParetoTail } from './calibration/pareto-tail.js'
import { drawPlaces } from './draw-places.js'
import { TooFewRecords } from './errors.js'
import { type Nll, nllBy, openTableScorer } from './scoring/model-scorer.js'

export interface TrainingInput {
  readonly features: readonly Feature[]
  /** Already read; in any order. */
  readonly records: readonly Fields[]
  readonly model: Config['model']
  readonly training: Pick<Config['training'], 'contamination' | 'seed'> &
    Partial<Pick<Config['training'], 'niceness' | 'threads'>>
  /** The false-alarm rate that the calibration set is sized for. */
  readonly alertRate: number
  /** Fits a small model to few records, and calibrates it by cross-validation. Default: false. */
  readonly provisional?: boolean
  /** ISO 8601; where the records come from, for the model's metadata. */
  readonly window?: { readonly from: string; readonly to: string }
  /** Records per day in the window before any sampling, for the model's metadata: converts an alert budget to a rate. */
  readonly recordsPerDay?: number
  /** Maximum number of steps of the fit. Default: 2,000. */
  readonly maxSteps?: number
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  readonly onProgress?: (progress: FitProgress) => void
  readonly signal?: AbortSignal
}

export interface TrainedDetector {
  /** One safetensors file: weights, tables and calibration, with the metadata and a checksum. */
  readonly artefact: Uint8Array
  readonly metadata: ModelMetadata
  /** Report of the flow's fit, with curves and cost; null if every feature is categorical. */
  readonly fit: FitReport | null
  /** The calibration records that a person may label, the least likely first. */
  readonly toLabel: readonly RecordToLabel[]
}

/** A calibration record that a person may label. */
export interface RecordToLabel {
  /** The record of the input, by identity. */
  readonly fields: Fields
  /** Rank among the calibration records; 0 is the least likely. */
  readonly rank: number
  /** nats */
  readonly nll: number
}

/**
 * Fits a detector: holds out a random calibration set, fits the encoder and the flow to the rest, and calibrates by the scores of
 * the calibration records, including their contamination. A provisional model is fitted to all records, and calibrated by the score of
 * each under a model of the other folds, or under the model itself where that is higher.
 *
 * The same records, configuration and seed give the same model on the same backend.
 *
 * @throws {TooFewRecords} below 30 records
 * @throws {FitCancelled} when the signal aborts
 */
export async function trainDetector(input: TrainingInput): Promise<TrainedDetector> {
  const started = performance.now()
  const { features, records, training, alertRate, provisional = false } = input
  if (records.length < FEWEST_RECORDS) {
    throw new TooFewRecords(
      `a model takes at least ${FEWEST_RECORDS} records, got ${records.length}; use a file with more, or a longer training.window`,
      { values: { records: records.length } },
    )
  }
  const folds = provisional ? foldsOf(records, training.seed) : []
  const { fitting, calibrating } = provisional
    ? { fitting: records, calibrating: folds.flatMap(({ own }) => own) }
    : split(records, calibrationSize(records.length, alertRate), training.seed)
  const models = await fitModels([fitting, ...folds.map(({ others }) => others)], input)
  const { encoder, fit, flow } = models[0]!
  const scorers = await Promise.all(models.map((model) => openTableScorer(model.encoder, model.flow)))
  const [nllOf, ...nllsOfFolds] = scorers.map(({ score }) => nllBy(score)) as [Nll, ...Nll[]]
  const ownNlls = await nllOf(calibrating)
  // The model itself gives a value that many records have another NLL than the models of the folds: without the maximum all of them would be
  // less likely than all calibration records, and anomalies.
  const scores = provisional
    ? (await outOfFoldNlls(folds, nllsOfFolds)).map((nll, at) => Math.max(nll, ownNlls[at]!))
    : ownNlls
  const nlls = scores.toSorted()
  await Promise.all(scorers.map((own) => own.close()))
  const calibration = { ...calibrationSteps(nlls), tail: fitParetoTail(nlls, training.contamination) }
  const encoded = encodeModel(
    { encoder, flow, calibration },
    {
      schemaVersion: MODEL_SCHEMA_VERSION,
      createdAt: new Date().toISOString(),
      outflowVersion: outflowVersion(),
      features: [...features],
      model: input.model,
      seed: training.seed,
      contamination: training.contamination,
      provisional,
      alertRate,
      window: input.window ?? null,
      recordsPerDay: input.recordsPerDay ?? null,
      dim: rowDim(encoder),
      contextDim: contextDim(encoder),
      training: { rows: fitting.length, ...reportOf(fit), durationMs: performance.now() - started },
      calibration: { ...calibrationSummary(nlls, calibration, training.contamination), labels: null },
    },
  )
  return { ...encoded, fit: fit?.report ?? null, toLabel: recordsToLabel(calibrating, scores, alertRate) }
}

/** A flow needs 20 rows, and of few records up to 30 % are held out. */
const FEWEST_RECORDS = 30
const CALIBRATION_SHARE = 0.1
const LARGEST_SHARE = 0.3
/** A fit of 2,000 steps uses each of these rows five times; more rows improve the calibration more than the fit. */
const FITTING_ROWS = 100_000
/** With n / α calibration records the share of anomalies at α has a standard deviation of α / √n: here a twentieth of α. */
const RECORDS_PER_RATE = 400

/**
 * A tenth of the records; of few records at least 2 / alertRate, so that the set contains the rate's quantile, but at most 30 %; of
 * more than 100,000 all records that the fit does not use. Never more than 400 / alertRate.
 */
function calibrationSize(records: number, alertRate: number): number {
  const ofFew = Math.max(CALIBRATION_SHARE * records, Math.min(2 / alertRate, LARGEST_SHARE * records))
  return Math.floor(Math.min(RECORDS_PER_RATE / alertRate, Math.max(ofFew, records - FITTING_ROWS)))
}

function split(records: readonly Fields[], held: number, seed: number) {
  const { drawn, others } = drawPlaces(records.length, held, seed)
  const at = (place: number) => records[place]!
  return { calibrating: Array.from(drawn, at), fitting: Array.from(others, at) }
}

function recordsToLabel(records: readonly Fields[], nll: Float64Array, alertRate: number): RecordToLabel[] {
  const byRank = Uint32Array.from(nll, (_, index) => index).sort((a, b) => nll[b]! - nll[a]!)
  return ranksToLabel({ rows: nll.length, alertRate }).map((rank) => {
    const index = byRank[rank]!
    return { fields: records[index]!, rank, nll: nll[index]! }
  })
}

/** Fits an encoder and a flow to each of the parts. */
async function fitModels(parts: readonly (readonly Fields[])[], input: TrainingInput) {
  const encoded: FittedEncoder[] = []
  for (const records of parts) encoded.push(await fitEncoder(input.features, records, input.training))
  const hasNumbers = rowDim(encoded[0]!.encoder) > 0
  const fits = hasNumbers
    ? await fitFlows(
        encoded.map((own) => tableOf(own, input)),
        input,
      )
    : []
  return encoded.map(({ encoder }, at) => ({ encoder, fit: fits[at] ?? null, flow: fits[at]?.flow ?? null }))
}

function tableOf({ encoder, rows, context, observed }: FittedEncoder, input: TrainingInput): FitTable {
  const { model, training, backend } = input
  const { kind, layers, hidden } = model
  const dim = rowDim(encoder)
  const { base, ...settings } = recipeFor(dim, input)
  const options = {
    spec: { ...flowSpec(kind, dim, contextDim(encoder)), layers, hidden, ...(base && { base }) },
    noise: encoder.noise,
    seed: training.seed,
    ...settings,
    niceness: training.niceness ?? 0,
    threads: training.threads ?? 1,
    ...(backend && { backend }),
  }
  return { rows: { rows, context, observed }, options }
}

/**
 * The base, the length and the trimming of a fit. docs/design/accuracy.md has the measurements.
 *
 * - With categories the flow starts from a standard normal and leaves out only the configured share of anomalies, because the worst rows
 *   of a batch belong to rare groups.
 * - A table of numbers starts from a mixture of Gaussians, which has a lower NLL than a flow on nearly every table; the flow then models
 *   what the mixture lacks. A larger share is left out, unless the configured one is 0.
 * - A table of many columns has too few rows for full covariances, and starts from a standard normal.
 * - A provisional model is only the mixture; with categories it has at most two Gaussians, because the context explains the rest and a
 *   larger mixture overfits few rows.
 */
function recipeFor(
  columns: number,
  { features, training, provisional, maxSteps = MOST_STEPS }: TrainingInput,
): Partial<FitOptions> & { readonly base?: MixtureBase } {
  const trim = Math.min(training.contamination, LARGEST_TRIM)
  const atLeast = (share: number) => (trim === 0 ? 0 : Math.max(trim, share))
  const hasCategories = categoryColumnsOf(features).length > 0
  if (provisional) return { base: hasCategories ? PAIR : MIXTURE, trim: atLeast(MIXTURE_TRIM), maxSteps: 0 }
  if (hasCategories) return { trim, maxSteps, patience: CONTEXT_PATIENCE }
  if (columns <= MIXTURE_COLUMNS) {
    const steps = { maxSteps: Math.min(maxSteps, MIXTURE_STEPS), patience: MIXTURE_PATIENCE }
    return { base: MIXTURE, trim: atLeast(MIXTURE_TRIM), ...steps }
  }
  return { trim: atLeast(FLOW_TRIM), maxSteps }
}

const MOST_STEPS = 2_000
/** With categories the held-out NLL improves slowly and unevenly: after 150 steps without a gain, some fits of flights ended too early. */
const CONTEXT_PATIENCE = 250
/** Leaves clusters of anomalies out of the gradient, and with them some rare normal rows. */
const FLOW_TRIM = 0.1
/** `fitFlow` requires a share below one half. */
const LARGEST_TRIM = 0.49
const MIXTURE_COLUMNS = 40
/** On most tables no step improves on the mixture; on the others the best step is within 300. */
const MIXTURE_STEPS = 300
const MIXTURE_PATIENCE = 50
/** The flow must not raise the density of the discounted clusters again. */
const MIXTURE_TRIM = 0.08
/** More components do not lower the NLL on a table of 2,500 rows, and cost a second each. */
const MIXTURE = { kind: 'mixture', components: 32 } as const
const PAIR = { kind: 'mixture', components: 2 } as const

function reportOf(fit: Fit | null): Omit<ModelMetadata['training'], 'rows' | 'durationMs'> {
  if (fit === null) {
    const none = { backend: 'none', backendVersion: '', stopped: 'nothing to fit' } as const
    return { ...none, steps: 0, bestStep: 0, trainNll: null, validationNll: null }
  }
  const { backend, backendVersion, steps, bestStep, stopped, atSteps, trainNll, bestNll } = fit.report
  const best = atSteps.indexOf(bestStep)
  const nlls = { trainNll: trainNll[best] ?? null, validationNll: bestNll }
  return { backend, backendVersion, steps, bestStep, stopped, ...nlls }
}
