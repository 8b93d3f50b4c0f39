import { createRequire } from 'node:module'
import { type Config, type Feature, MODEL_SCHEMA_VERSION, type ModelMetadata } from '@outflow/contracts'
import { contextDim, type Fields, type FittedEncoder, fitEncoder, rowDim } from '@outflow/encoding'
import { type BackendName, type Fit, type FitProgress, fitFlow, flowSpec } from '@outflow/flow'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { encodeModel } from './artefact.js'
import { TooFewRecords } from './errors.js'
import { openModelScorer } from './model-scorer.js'

export interface TrainingInput {
  readonly features: readonly Feature[]
  /** Already read; in any order. */
  readonly records: readonly Fields[]
  readonly model: Config['model']
  readonly training: Pick<Config['training'], 'contamination' | 'seed'>
  /** The false-alarm rate that the calibration set is sized for. */
  readonly alertRate: number
  /** ISO 8601; where the records come from, for the model's metadata. */
  readonly window?: { readonly from: string; readonly to: string }
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  readonly onProgress?: (progress: FitProgress) => void
  readonly signal?: AbortSignal
}

export interface TrainedDetector {
  /** One safetensors file: weights, tables and calibration, with the metadata and a checksum. */
  readonly artefact: Uint8Array
  readonly metadata: ModelMetadata
}

/**
 * Fits a detector: holds a calibration set out at random, fits the encoder and the flow to the rest, and scores the
 * calibration records as any others, contamination and all.
 *
 * The same records, configuration and seed give the same model on the same backend.
 *
 * @throws {TooFewRecords} below 30 records
 * @throws {FitCancelled} when the signal aborts
 */
export async function trainDetector(input: TrainingInput): Promise<TrainedDetector> {
  const started = performance.now()
  const { features, records, training, alertRate } = input
  if (records.length < FEWEST_RECORDS) {
    throw new TooFewRecords(
      `a model takes at least ${FEWEST_RECORDS} records, got ${records.length}; wait for more, or widen training.window`,
      { values: { records: records.length } },
    )
  }
  const { fitting, calibrating } = split(records, calibrationSize(records.length, alertRate), training.seed)
  const fitted = fitEncoder(features, fitting, training)
  const fit = rowDim(fitted.encoder) > 0 ? await fitTo(fitted, input) : null
  const flow = fit?.flow ?? null
  const scorer = await openModelScorer(fitted.encoder, flow)
  const calibration = (await scorer.score(calibrating)).nll.sort()
  await scorer.close()
  return encodeModel(
    { encoder: fitted.encoder, flow, calibration },
    {
      schemaVersion: MODEL_SCHEMA_VERSION,
      createdAt: new Date().toISOString(),
      outflowVersion: outflowVersion(),
      features: [...features],
      model: input.model,
      seed: training.seed,
      contamination: training.contamination,
      alertRate,
      window: input.window ?? null,
      dim: rowDim(fitted.encoder),
      contextDim: contextDim(fitted.encoder),
      training: { rows: fitting.length, ...reportOf(fit), durationMs: performance.now() - started },
      calibration: {
        rows: calibration.length,
        smallestPValue: 1 / (calibration.length + 1),
        medianNll: calibration[calibration.length >> 1]!,
      },
    },
  )
}

/** A flow takes 20 rows, and a third of few records is held out. */
const FEWEST_RECORDS = 30
const CALIBRATION_SHARE = 0.1
const LARGEST_SHARE = 0.3
/** More held out would make quantiles at 1 % hardly sharper and cost the fit rows. */
const CALIBRATION_ROWS = 2_000

/** A tenth up to 2,000, yet 2 / alertRate, so that the rate's quantile lies inside; never more than 30 %. */
function calibrationSize(records: number, alertRate: number): number {
  const wanted = Math.max(2 / alertRate, Math.min(CALIBRATION_SHARE * records, CALIBRATION_ROWS))
  return Math.floor(Math.min(wanted, LARGEST_SHARE * records))
}

function split(records: readonly Fields[], held: number, seed: number) {
  const random = xoroshiro128plus(seed)
  const shuffled = [...records]
  for (let place = 0; place < held; place++) {
    const other = uniformInt(random, place, shuffled.length - 1)
    const own = shuffled[place]!
    shuffled[place] = shuffled[other]!
    shuffled[other] = own
  }
  return { calibrating: shuffled.slice(0, held), fitting: shuffled.slice(held) }
}

function fitTo({ encoder, rows, context, observed }: FittedEncoder, input: TrainingInput): Promise<Fit> {
  const { model, training, backend, onProgress, signal } = input
  const { kind, layers, hidden } = model
  return fitFlow(
    { rows, context, observed },
    {
      spec: { ...flowSpec(kind, rowDim(encoder), contextDim(encoder)), layers, hidden },
      seed: training.seed,
      noise: encoder.noise,
      trim: Math.min(training.contamination, LARGEST_TRIM),
      ...(backend && { backend }),
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    },
  )
}

/** A fit takes less than a half. */
const LARGEST_TRIM = 0.49

function reportOf(fit: Fit | null): Omit<ModelMetadata['training'], 'rows' | 'durationMs'> {
  if (fit === null) {
    const none = { backend: 'none', backendVersion: '', stopped: 'nothing to fit' } as const
    return { ...none, steps: 0, bestStep: 0, trainNll: null, validationNll: null }
  }
  const { backend, backendVersion, steps, bestStep, stopped, atSteps, trainNll, validationNll } = fit.report
  const best = atSteps.indexOf(bestStep)
  return {
    backend,
    backendVersion,
    steps,
    bestStep,
    stopped,
    trainNll: trainNll[best] ?? null,
    validationNll: validationNll[best] ?? null,
  }
}

function outflowVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}
