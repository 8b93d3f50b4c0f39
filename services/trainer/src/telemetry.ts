import type {
  DetectionTarget,
  FitReport,
  GateReport,
  ModelMetadata,
  RejectionReason,
  ShadowReport,
} from '@outflow/contracts'
import { DRIFT_CHARTS, type DriftAlarm, type FieldShift, type TrainingInput, unreachable } from '@outflow/detector'
import type { OutflowError } from '@outflow/errors'
import { isPowerOfTwo } from '@outflow/errors/retrying'
import type { Log, Metrics } from '@outflow/runtime'
import type { ModelState } from '@outflow/store/models'
import type { Due } from './due.js'
import type { WindowsRead } from './window/sampled-records.js'
import { type TrainingRecords, total } from './window/training-records.js'

/** Log events and metrics of the trainer. */
export type TrainerTelemetry = ReturnType<typeof makeTelemetry>

type FitProgress = Parameters<NonNullable<TrainingInput['onProgress']>>[0]
type GateOutcome = 'promoted' | 'shadow' | 'failed_gate'
type RejectedCounts = Readonly<Record<RejectionReason, number>>

const FIT_OUTCOMES = ['promoted', 'shadow', 'failed_gate', 'known', 'failed'] as const
// The trainer counts a window that is too small every two seconds.
const QUIET_MS = 60_000

/** @param detection  a model for which some of it is unreachable is logged as a warning */
export function makeTelemetry(log: Log, metrics: Metrics, detection: DetectionTarget) {
  const instruments = makeInstruments(metrics)
  instruments.disagreement.set(Number.NaN)
  // For Prometheus, a series that begins at 1 has never increased.
  for (const outcome of FIT_OUTCOMES) instruments.fits.inc({ outcome }, 0)
  for (const chart of DRIFT_CHARTS) instruments.drifts.inc({ chart: labelOf(chart) }, 0)
  /** An unchanged window is logged once, and one that grows once a minute. */
  let awaited = ''
  let quietUntilMs = Number.NEGATIVE_INFINITY
  return {
    trainerStarted: () => log.info('trainer started'),
    leadershipTaken: () => log.info('leadership taken'),
    leadershipInterrupted: (error: OutflowError, attempt: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt }, 'leadership interrupted')
    },
    fitStarted: (because: Due['because'], records: FitReport['records'], rejected: RejectedCounts) => {
      const { fitted, heldOut, excluded } = records
      log.info({ because, rows: fitted, heldOut, excluded, rejected }, 'fit started')
    },
    fitAdvanced: (progress: FitProgress) =>
      log.info({ ...progress, elapsedMs: Math.round(progress.elapsedMs) }, 'fit advanced'),
    windowCutShort: (asked: string, from: string) => log.warn({ asked, from }, 'window cut short'),
    /**
     * @param unlikely   how many unlikely records it has
     * @param isLeftOut  whether the model is fitted without it
     */
    burstFound: ({ from, to }: { readonly from: string; readonly to: string }, unlikely: number, isLeftOut: boolean) =>
      log.warn(
        { from, to, unlikely, isLeftOut, exclude: `outflow models exclude --from ${from} --to ${to} --why burst` },
        'burst in training window',
      ),
    /** @param read  the window, if it was read */
    rowsAwaited: (rows: number, missing: number, read?: Pick<TrainingRecords, 'rejected' | 'rejectedExample'>) => {
      const isWarning = read !== undefined && total(read.rejected) > 0
      const state = `${rows} ${isWarning}`
      if (state === awaited || (!isWarning && performance.now() < quietUntilMs)) return
      awaited = state
      const { rejected, rejectedExample: example } = read ?? {}
      if (isWarning) return log.warn({ rows, missing, rejected, example }, 'training rows awaited')
      quietUntilMs = performance.now() + QUIET_MS
      log.info({ rows, missing }, 'training rows awaited')
    },
    windowsRead: ({ entities, split, evicted }: WindowsRead) => {
      if (split > 0) log.warn({ entities, split }, 'window entities split')
      if (evicted > 0) log.warn({ entities, evicted }, 'window entities evicted')
    },
    gateDecided: (outcome: GateOutcome, metadata: ModelMetadata, report: GateReport, durationMs: number) => {
      const { modelId, training } = metadata
      instruments.fits.inc({ outcome })
      const { anomalyShare, medianNll, failures, against, gain } = report
      const took = { backend: training.backend, stopped: training.stopped, durationMs: Math.round(durationMs) }
      const fields = { modelId, ...took, anomalyShare, medianNll, against, gainNats: gain.mean }
      if (outcome === 'promoted') log.info(fields, 'model promoted')
      else if (outcome === 'shadow') log.info(fields, 'shadow started')
      else return log.error({ ...fields, failures }, 'model failed its gate')
      const limit = unreachable(metadata, detection)
      if (limit !== null) log.warn({ modelId, limit }, 'detection limited')
    },
    candidateAdopted: (modelId: string, became: 'promoted' | 'shadow') =>
      log.info({ modelId, became }, 'candidate adopted'),
    /** @param share  of records that it decides otherwise; null: there is no shadow */
    shadowCompared: (share: number | null) => instruments.disagreement.set(share ?? Number.NaN),
    shadowDecided: (outcome: 'promoted' | 'failed_gate', modelId: string, report: ShadowReport) => {
      const { failure, ...found } = report
      if (outcome === 'promoted') log.info({ modelId, ...found }, 'model promoted')
      else log.error({ modelId, ...found, failures: [failure] }, 'model failed its gate')
    },
    /** @param level  the highest chart, as a fraction of its limit */
    driftWatched: (level: number) => instruments.drift.set(level),
    driftFound: (modelId: string, { chart, raisedMs, changedMs }: DriftAlarm, fields: readonly FieldShift[]) => {
      instruments.drifts.inc({ chart: labelOf(chart) })
      const [raisedAt, changedAt] = [raisedMs, changedMs].map((ms) => new Date(ms).toISOString())
      log.warn({ modelId, chart, changedAt, raisedAt, fields: fields.slice(0, 5) }, 'drift found')
    },
    /** @param factor  applied to the p-value at the alert rate; 1 without a recalibration */
    recalibrationWatched: (factor: number) => instruments.recalibrated.set(factor),
    modelRecalibrated: (modelId: string, factor: number) => log.info({ modelId, factor }, 'model recalibrated'),
    /** @param fittedId  the model of the same weights whose calibration records were labelled */
    labelsApplied: (modelId: string, fittedId: string, labels: Readonly<Record<'confirmed' | 'normal', number>>) =>
      log.info({ modelId, fittedId, ...labels }, 'labels applied'),
    labelsFailed: (error: OutflowError) => log.warn({ error }, 'labels not applied'),
    watchFailed: (error: OutflowError) => log.warn({ error }, 'scores not checked'),
    modelRolledBack: (from: string, to: string, why: string) => {
      instruments.rollbacks.inc()
      log.error({ modelId: from, servedId: to, why }, 'model rolled back')
    },
    boundsExceeded: (modelId: string, why: string, anomalyShare: number | null, anomalyShareBefore: number | null) =>
      log.error({ modelId, why, anomalyShare, anomalyShareBefore }, 'model left bounds'),
    modelKnown: (modelId: string, state: ModelState) => {
      instruments.fits.inc({ outcome: 'known' })
      log.info({ modelId, state }, 'model known')
    },
    modelWriteRetried: (error: OutflowError, attempt: number, waitMs: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'model write retried')
    },
    fitSuperseded: (modelId: string) => log.warn({ modelId }, 'fit superseded'),
    fitFailed: () => instruments.fits.inc({ outcome: 'failed' }),
    trainingFailed: (error: OutflowError, attempt: number, waitMs: number) => {
      if (!error.retryable) log.error({ error, attempt, waitMs }, 'training failed')
      else if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'training failed')
    },
    startDelayed: (error: OutflowError) => log.warn({ error }, 'start delayed'),
    storeConnectionLost: (error: OutflowError) => log.warn({ error }, 'store connection lost'),
  }
}

function makeInstruments(metrics: Metrics) {
  return {
    fits: metrics.counter('outflow_fits_total', 'Fits by outcome: promoted, shadow, failed_gate, known or failed', [
      'outcome',
    ]),
    drift: metrics.gauge(
      'outflow_drift_level',
      'Cumulative sum nearest its limit, as a share of the limit; 1 raises a drift alarm',
    ),
    drifts: metrics.counter(
      'outflow_drift_alarms_total',
      'Drift alarms by chart: less_likely, too_normal, more_spread, less_spread or new_value',
      ['chart'],
    ),
    recalibrated: metrics.gauge(
      'outflow_recalibration_factor',
      'Factor that recalibration applies to the p-value at the alert rate',
    ),
    rollbacks: metrics.counter('outflow_rollbacks_total', 'Models that the guard rolled back'),
    disagreement: metrics.gauge(
      'outflow_shadow_disagreement',
      'Share of records that the shadow decides otherwise; NaN while there is none',
    ),
  }
}

const labelOf = (chart: string) => chart.replaceAll(' ', '_')
