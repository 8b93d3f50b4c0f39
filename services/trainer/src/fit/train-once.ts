import type { Config, FitReport } from '@outflow/contracts'
import {
  alertRateOf,
  type Burst,
  findBursts,
  sameFeatures,
  TooFewRecords,
  type TrainedDetector,
} from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { retrying } from '@outflow/errors/retrying'
import type { Fields } from '@outflow/records/fields'
import type { FitState } from '@outflow/store/training'
import type { Due } from '../due.js'
import type { Incumbent, TrainerEffects } from '../effects.js'
import type { TrainerContext } from '../trainer-context.js'
import { tooFewRead } from '../window/fewest-rows.js'
import { fittedUntilMs, holdOut } from '../window/hold-out.js'
import { readSampled, type SampledRecord } from '../window/sampled-records.js'
import {
  atMost,
  type ReadWindow,
  selectTrainingRecords,
  type TrainingRecords,
  total,
  withoutBursts,
} from '../window/training-records.js'
import { recordsToLabel } from './records-to-label.js'

type RoundOutcome =
  | { readonly became: 'promoted' | 'shadow' | 'failed_gate' | 'known' | 'superseded' }
  /** Nothing was fitted: the number of missing good records, and why. */
  | { readonly became: 'too few'; readonly missing: number; readonly why: string }

/** The round is abandoned when the signal aborts. */
export interface RoundOptions extends Pick<TrainerContext, 'decoder' | 'telemetry' | 'onProgress' | 'signal'> {
  readonly config: Pick<Config, 'source' | 'features' | 'model' | 'training' | 'detection'>
  readonly because: Due['because']
  /** Where the window begins, epoch ms. */
  readonly fromMs: number
  /** Offsets in the window, counted before it is read. */
  readonly offsets: number
  /** Least number of good records, at most minRows; with fewer than minRows the model is provisional. */
  readonly fewest: number
  readonly effects: TrainerEffects
}

/**
 * One round: read the window, hold recent records out, fit to the rest, pass the gate, store the candidate, promote or
 * mark it as failed; every fit leaves its report. A first model whose window holds bursts is fitted again without them. A model that
 * follows a provisional one counts as a first model. While Postgres is not available, a fitted model is kept, and stored afterwards.
 *
 * @returns the outcome; `known`: the same records gave the active model, or one that failed its gate or was rolled back, and nothing
 *   changed; `superseded`: another trainer has started a later fit, and nothing changed
 * @throws {OutflowError} if the broker or the store is not available before the fit, or the fit failed
 */
export async function trainOnce(options: RoundOptions): Promise<RoundOutcome> {
  const { config, because, fromMs, offsets, fewest, effects, telemetry, signal } = options
  const { training, features } = config
  const window = await readGood(options)
  const { read, sample } = window
  const { minRows, seed } = training
  if (read.fields.length < fewest) return tooFew(read, tooFewRead(window, minRows, fewest < minRows), options)
  if (window.isCutShort) telemetry.windowCutShort(new Date(fromMs).toISOString(), read.window!.from)

  const active = await effects.incumbent()
  const incumbent = comparable(active, features)
  const part = (read: TrainingRecords) => {
    const parts = partRecords(read, incumbent, seed)
    const begun = begunReport({ ...window, read }, { seed, fromMs, offsets, heldOut: parts.heldOut.length })
    return { parts, begun }
  }
  let parted = part(read)
  const fitId = await effects.openReport(because, parted.begun, active?.id ?? null)
  telemetry.fitStarted(because, parted.begun.records, read.rejected)
  const startedAtMs = performance.now()
  try {
    const fit = makeFit(fitId, window, options)
    let trained = await fit(parted.parts.fitted)
    const isFirst = active === null || active.metadata.provisional
    const kept = await withoutLearnedBursts(read, trained, { isFirst }, options)
    if (kept !== read) {
      parted = part(kept)
      trained = await fit(parted.parts.fitted)
    }
    return await decide({ ...parted, fitId, trained, sample, startedAtMs }, options)
  } catch (thrown: unknown) {
    const { code, message } = toOutflowError(thrown)
    const state = signal.aborted ? 'abandoned' : 'failed'
    const report = { ...parted.begun, durationMs: performance.now() - startedAtMs, error: { code, message } }
    // The error that ended the fit is thrown; a failure to close its report may have the same cause.
    await effects.closeReport(fitId, { state, modelId: null, report }).catch(() => {})
    if (thrown instanceof TooFewRecords) return tooFew(read, message, options)
    throw thrown
  }
}

/** If rejected records leave too few in the sample but the window has more, a proportionally larger sample is drawn. */
async function readGood(options: RoundOptions): Promise<ReadWindow> {
  const { minRows, maxRows, seed } = options.config.training
  const first = await readSample(options, 1)
  const good = first.read.fields.length
  const sampled = first.sample.length
  if (good >= minRows || good === 0 || sampled >= first.seen) return first
  const again = await readSample(options, (RESAMPLE_MARGIN * sampled) / good)
  return { ...again, read: atMost(again.read, maxRows, seed) }
}

/** @param factor  how many times maxRows are sampled */
async function readSample(
  { config, decoder, fromMs, effects, telemetry, signal }: RoundOptions,
  factor: number,
): Promise<ReadWindow> {
  const { maxRows, seed } = config.training
  const { windowsRead, ...reading } = readSampled(config, decoder)
  const { records, seen, isCutShort } = await effects.readWindow({
    fromMs,
    maxRows: Math.ceil(factor * maxRows),
    seed,
    ...reading,
    signal,
  })
  const windows = windowsRead()
  if (windows !== null) telemetry.windowsRead(windows)
  const leftOut = await effects.leftOut(new Date(fromMs))
  const read = selectTrainingRecords(records, leftOut)
  return { read, seen, sample: records, isCutShort }
}

/** The second sample may have a larger share of rejected records. */
const RESAMPLE_MARGIN = 1.1

interface Parts {
  readonly fitted: readonly Fields[]
  readonly heldOut: readonly Fields[]
}

function partRecords({ fields, times }: TrainingRecords, incumbent: Incumbent | null, seed: number): Parts {
  const isHeld = holdOut({ times, seenUntilMs: incumbent && fittedUntilMs(incumbent.metadata), seed })
  return {
    fitted: fields.filter((_, index) => isHeld[index] === 0),
    heldOut: fields.filter((_, index) => isHeld[index] === 1),
  }
}

/** @param begin.fromMs  where the window should begin, epoch ms */
function begunReport(
  { read, seen, sample, isCutShort }: ReadWindow,
  { seed, fromMs, offsets, heldOut }: Readonly<Record<'seed' | 'fromMs' | 'offsets' | 'heldOut', number>>,
): FitReport {
  return {
    seed,
    window: {
      asked: new Date(fromMs).toISOString(),
      from: read.window?.from ?? null,
      to: read.window?.to ?? null,
      shortened: isCutShort ? 'the topic no longer holds its beginning: its retention is shorter' : null,
    },
    records: {
      offsets,
      seen,
      sampled: sample.length,
      fitted: read.fields.length - heldOut,
      heldOut,
      rejected: total(read.rejected),
      rejectedBy: Object.fromEntries(Object.entries(read.rejected).filter(([, count]) => count > 0)),
      excluded: total(read.excluded),
      excludedBy: read.excluded,
    },
    fit: null,
    calibration: null,
    gate: null,
    durationMs: 0,
    error: null,
  }
}

/**
 * Returns the incumbent if it has the same features, because likelihoods of different features cannot be compared, and is not
 * provisional, because the model that replaces a provisional one has to pass as a first model.
 */
function comparable(incumbent: Incumbent | null, features: Config['features']): Incumbent | null {
  const isCompared = incumbent !== null && !incumbent.metadata.provisional && sameFeatures(incumbent.metadata, features)
  return isCompared ? incumbent : null
}

/** Returns the function that fits a model to some records of a window, as one of the whole window: with the bursts. */
function makeFit(
  fitId: string,
  window: ReadWindow,
  { config, effects, telemetry, onProgress, signal }: RoundOptions,
): (records: readonly Fields[]) => Promise<TrainedDetector> {
  const { features, model, training, detection } = config
  const { read } = window
  const rate = ratePerDay(window, training.window)
  let notedMs = performance.now()
  return (records) =>
    effects.train({
      features,
      records,
      model,
      training,
      alertRate: alertRateOf(detection, rate),
      provisional: read.fields.length < training.minRows,
      window: read.window!,
      ...rate,
      onProgress: (progress) => {
        onProgress?.({ stage: 'fitting', ...progress })
        if (performance.now() - notedMs < NOTE_EVERY_MS) return
        notedMs = performance.now()
        telemetry.fitAdvanced(progress)
        // Only for display; the next update corrects one that is lost.
        effects.noteStep(fitId, progress.step, progress.maxSteps).catch(() => {})
      },
      signal,
    })
}

/**
 * The rate by Kafka's record time, including records not sampled, rejected or excluded. Records of a shorter time than an hour may have
 * been loaded at once, so they count as those of an hour. They never count as those of more than the training window: producers may set
 * any record time.
 */
function ratePerDay({ seen, sample }: ReadWindow, windowMs: number) {
  const times = Float64Array.from(sample, ({ timestampMs }) => timestampMs).sort()
  const spanMs = Math.min(windowMs, Math.max(HOUR_MS, times.at(-1)! - times[0]!))
  return { recordsPerDay: (seen * 24 * HOUR_MS) / spanMs }
}

const HOUR_MS = 3_600_000

/** Often enough to show progress. */
const NOTE_EVERY_MS = 5_000

/**
 * Logs the bursts of a window, which its model may have learned. A first model is fitted without them, because no earlier model could
 * report them for a verdict. Recurring bursts are kept as normal, because a model without them would report each recurrence.
 *
 * @returns the same records if nothing is left out
 */
async function withoutLearnedBursts(
  read: TrainingRecords,
  { artefact }: TrainedDetector,
  { isFirst }: { readonly isFirst: boolean },
  { config, effects, telemetry }: RoundOptions,
): Promise<TrainingRecords> {
  const bursts = findBursts(await effects.score(artefact, read.fields), config.training.contamination)
  const isLeftOut = isFirst && bursts.length <= MOST_BURSTS
  for (const burst of bursts) telemetry.burstFound(spanOf(burst, read), burst.unlikely, isLeftOut)
  return isLeftOut && bursts.length > 0 ? withoutBursts(read, bursts) : read
}

/** More bursts than this, such as one a day in a window of a week, count as recurring. */
const MOST_BURSTS = 3

/** Returns a span in the form of `models exclude`: from ≤ t < to. */
function spanOf({ first, last }: Burst, { times }: TrainingRecords) {
  return { from: new Date(times[first]!).toISOString(), to: new Date(times[last]! + 1).toISOString() }
}

interface FittedCandidate {
  readonly fitId: string
  readonly begun: FitReport
  readonly trained: TrainedDetector
  readonly sample: readonly SampledRecord[]
  readonly parts: Parts
  readonly startedAtMs: number
}

async function decide(
  { fitId, begun, trained, sample, parts, startedAtMs }: FittedCandidate,
  { config, because, effects, telemetry, onProgress, signal }: RoundOptions,
): Promise<RoundOutcome> {
  const { artefact, metadata } = trained
  const id = metadata.modelId
  const { contamination, seed } = config.training
  // Each may be repeated after it was committed and its answer lost.
  const written = <T>(write: () => Promise<T>) => retrying(write, { signal, onRetry: telemetry.modelWriteRetried })
  // A rollback or a promotion during the fit has changed it.
  const active = await written(effects.incumbent)
  const gate = await effects.passGate({
    artefact,
    features: config.features,
    ...parts,
    incumbent: comparable(active, config.features),
    alertRate: alertRateOf(config.detection, metadata),
    contamination,
    seed,
  })
  const close = (state: Exclude<FitState, 'running'>) => {
    const { fit } = trained
    const report = {
      ...begun,
      fit,
      calibration: metadata.calibration,
      gate,
      durationMs: performance.now() - startedAtMs,
    }
    return written(() => effects.closeReport(fitId, { state, modelId: id, report }))
  }
  if (!(await written(() => effects.isNewest(fitId)))) {
    telemetry.fitSuperseded(id)
    return { became: 'superseded' }
  }
  const toLabel = recordsToLabel(trained.toLabel, sample, config.features)
  const model = { id, artefact, metadata, metrics: gate, parentId: active?.id ?? null, toLabel }
  const state = await written(() => effects.store(model))
  if (state !== 'candidate' && state !== 'retired') {
    telemetry.modelKnown(id, state)
    await close('known')
    return { became: 'known' }
  }
  // A retired model stays one to roll back to, also if it would fail now.
  if (!gate.passed && state === 'candidate') await written(() => effects.failGate(id, gate))
  const became = gate.passed ? await written(() => effects.promote(id, because)) : 'failed_gate'
  await close(became)
  telemetry.gateDecided(became, metadata, gate, performance.now() - startedAtMs)
  onProgress?.({ stage: became, modelId: id })
  return { became }
}

function tooFew(read: TrainingRecords, why: string, { fewest, telemetry }: RoundOptions): RoundOutcome {
  const rows = read.fields.length
  const missing = Math.max(1, fewest - rows)
  telemetry.rowsAwaited(rows, missing, read)
  return { became: 'too few', missing, why }
}
