import type { Config } from '@outflow/contracts'
import { TooFewRecords, type TrainedDetector, type TrainingInput } from '@outflow/detector'
import type { RecordDecoder } from '@outflow/formats'
import type { ModelState, NewModel } from '@outflow/store'
import type { Window, WindowOptions } from '@outflow/streams'
import type { Due } from './due.js'
import type { GateOptions, GateReport } from './gate.js'
import type { TrainerTelemetry } from './telemetry.js'
import { readTrainingRecords } from './training-records.js'
import { noteWindows, type WindowNote } from './window-notes.js'

/** How far the trainer has got, for whoever shows it. */
export type TrainerProgress =
  | { readonly stage: 'reading'; readonly read: number; readonly expected: number }
  | { readonly stage: 'waiting'; readonly rows: number; readonly minRows: number }
  | ({ readonly stage: 'fitting' } & Parameters<NonNullable<TrainingInput['onProgress']>>[0])
  | { readonly stage: 'promoted' | 'rejected'; readonly modelId: string }

export type RoundOutcome = 'promoted' | 'rejected' | 'known' | 'too few'

/** What one round does to the world; a test hands in its own. */
export interface TrainerEffects {
  readonly readWindow: (options: Omit<WindowOptions<WindowNote>, 'topics'>) => Promise<Window<WindowNote>>
  readonly train: (input: TrainingInput) => Promise<TrainedDetector>
  readonly passGate: (options: GateOptions) => Promise<GateReport>
  /** Stores a candidate, reads it back with its checksum verified, and gives its state: it may be known already. */
  readonly store: (model: Omit<NewModel, 'pipeline' | 'parentId'>) => Promise<ModelState>
  readonly promote: (id: string) => Promise<void>
  readonly reject: (id: string, report: GateReport) => Promise<void>
}

export interface RoundOptions {
  readonly config: Pick<Config, 'features' | 'model' | 'training' | 'detection'>
  readonly decoder: RecordDecoder
  readonly because: Due['because']
  readonly effects: TrainerEffects
  readonly telemetry: Pick<
    TrainerTelemetry,
    'fitStarted' | 'windowsRead' | 'rowsAwaited' | 'modelJudged' | 'modelKnown'
  >
  readonly onProgress?: ((progress: TrainerProgress) => void) | undefined
  readonly signal: AbortSignal
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/**
 * One round: read the window, fit, pass the gate, store the candidate, promote or reject.
 *
 * @returns what became of it; `too few`: nothing was fitted, more records are awaited; `known`: the same records gave
 *   the model that is active, or one that was rejected, and nothing changed
 * @throws {OutflowError} when the broker or the store is away, or the fit failed
 */
export async function trainOnce(options: RoundOptions): Promise<RoundOutcome> {
  const { config, decoder, because, effects, telemetry, onProgress, signal, now = Date.now } = options
  const { training, detection, features, model } = config
  const notes = noteWindows(features, decoder)
  const { records, seen } = await effects.readWindow({
    fromMs: now() - training.window,
    maxRows: training.maxRows,
    seed: training.seed,
    ...(notes && { note: notes }),
    onProgress: (progress) => onProgress?.({ stage: 'reading', ...progress }),
    signal,
  })
  if (notes !== null) telemetry.windowsRead(notes.summarise())
  const { fields, rejected, window } = await readTrainingRecords(records, { features, decoder })
  if (fields.length < training.minRows) return await tooFew(fields.length, options)

  telemetry.fitStarted(because, fields.length, rejected)
  const startedAtMs = now()
  const trained = await effects
    .train({
      features,
      records: fields,
      model,
      training,
      alertRate: detection.alertRate,
      ...(window === null ? {} : { window, ...ratePerDay(seen, window) }),
      onProgress: (progress) => onProgress?.({ stage: 'fitting', ...progress }),
      signal,
    })
    .catch((error: unknown) => {
      if (error instanceof TooFewRecords) return null
      throw error
    })
  if (trained === null) return await tooFew(fields.length, options)
  return await decide(trained, fields, startedAtMs, options)
}

/** By Kafka's record time, the records that were sampled away counted in; a window of a moment has no rate. */
function ratePerDay(seen: number, { from, to }: { readonly from: string; readonly to: string }) {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
  return days > 0 ? { recordsPerDay: seen / days } : {}
}

async function decide(
  { artefact, metadata }: TrainedDetector,
  records: GateOptions['records'],
  startedAtMs: number,
  { config, effects, telemetry, onProgress, now = Date.now }: RoundOptions,
): Promise<RoundOutcome> {
  const id = metadata.modelId
  const { alertRate } = config.detection
  const report = await effects.passGate({ artefact, records, alertRate, contamination: config.training.contamination })
  const state = await effects.store({ id, artefact, metadata, metrics: report })
  if (state === 'active' || state === 'rejected') {
    telemetry.modelKnown(id, state)
    return 'known'
  }
  const outcome = report.passed ? 'promoted' : 'rejected'
  if (report.passed) await effects.promote(id)
  else await effects.reject(id, report)
  telemetry.modelJudged(outcome, metadata, report, now() - startedAtMs)
  onProgress?.({ stage: outcome, modelId: id })
  return outcome
}

async function tooFew(rows: number, { config, telemetry, onProgress }: RoundOptions): Promise<'too few'> {
  telemetry.rowsAwaited(rows, Math.max(0, config.training.minRows - rows))
  onProgress?.({ stage: 'waiting', rows, minRows: config.training.minRows })
  return 'too few'
}
