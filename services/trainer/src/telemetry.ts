import type { ModelMetadata, RejectionReason } from '@outflow/contracts'
import type { TrainingInput } from '@outflow/detector'
import type { OutflowError } from '@outflow/errors'
import type { Log, Metrics } from '@outflow/runtime'
import type { ModelState } from '@outflow/store'
import type { Due } from './due.js'
import type { FitReport } from './fit-report.js'
import type { GateReport } from './gate.js'
import type { WindowsRead } from './window-notes.js'

/** All that the trainer can say, to the log and to the metrics. */
export interface TrainerTelemetry {
  trainerStarted(): void
  leadershipTaken(): void
  leadershipInterrupted(error: OutflowError): void
  fitStarted(
    because: Due['because'],
    records: FitReport['records'],
    rejected: Readonly<Record<RejectionReason, number>>,
  ): void
  fitAdvanced(progress: Parameters<NonNullable<TrainingInput['onProgress']>>[0]): void
  windowCutShort(asked: string, from: string): void
  windowsRead(windows: WindowsRead): void
  rowsAwaited(rows: number, missing: number): void
  modelJudged(outcome: 'promoted' | 'rejected', metadata: ModelMetadata, report: GateReport, durationMs: number): void
  modelKnown(modelId: string, state: ModelState): void
  trainingFailed(error: OutflowError, attempt: number, waitMs: number): void
  storeConnectionLost(error: OutflowError): void
}

const FIT_SECONDS_BOUNDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600]

export function makeTelemetry(log: Log, metrics: Metrics): TrainerTelemetry {
  const fits = metrics.counter('outflow_fits_total', 'Fits by what became of them', ['outcome'])
  const seconds = metrics.histogram('outflow_fit_seconds', 'From the window read to the verdict', FIT_SECONDS_BOUNDS)
  const trained = metrics.gauge('outflow_training_rows', 'Records of the last training window')
  const step = metrics.gauge('outflow_fit_step', 'Step that the fit under way has come to; 0 while there is none')
  const skipped = metrics.counter('outflow_training_rejected_total', 'Window records no model is fitted to', ['reason'])
  /** A window that stays as it is is told once. */
  let awaitedAt = -1
  return {
    trainerStarted: () => log.info('trainer started'),
    leadershipTaken: () => log.info('leadership taken'),
    leadershipInterrupted: (error) => log.warn({ error }, 'leadership interrupted'),
    fitStarted: (because, records, rejected) => {
      trained.set(records.fitted)
      for (const [reason, count] of Object.entries(rejected)) skipped.inc({ reason }, count)
      const { fitted, heldOut, excluded } = records
      log.info({ because, rows: fitted, heldOut, excluded, rejected }, 'fit started')
    },
    fitAdvanced: (progress) => {
      step.set(progress.step)
      log.info({ ...progress, elapsedMs: Math.round(progress.elapsedMs) }, 'fit advanced')
    },
    windowCutShort: (asked, from) => log.warn({ asked, from }, 'window cut short'),
    rowsAwaited: (rows, missing) => {
      if (rows === awaitedAt) return
      awaitedAt = rows
      log.info({ rows, missing }, 'training rows awaited')
    },
    windowsRead: ({ entities, split, forgotten }) => {
      if (split > 0) log.warn({ entities, split }, 'window entities split')
      if (forgotten > 0) log.warn({ entities, forgotten }, 'window entities forgotten')
    },
    modelJudged: (outcome, { modelId, training }, report, durationMs) => {
      fits.inc({ outcome })
      seconds.observe(durationMs / 1_000)
      step.set(0)
      const { flaggedShare, medianNll, failures, against, gain } = report
      const took = { backend: training.backend, stopped: training.stopped, durationMs: Math.round(durationMs) }
      const fields = { modelId, ...took, flaggedShare, medianNll, against, gainNats: gain.mean }
      if (outcome === 'promoted') log.info(fields, 'model promoted')
      else log.error({ ...fields, failures }, 'model rejected')
    },
    modelKnown: (modelId, state) => {
      fits.inc({ outcome: 'known' })
      step.set(0)
      log.info({ modelId, state }, 'model known')
    },
    trainingFailed: (error, attempt, waitMs) => {
      fits.inc({ outcome: 'failed' })
      step.set(0)
      log.error({ error, attempt, waitMs }, 'training failed')
    },
    storeConnectionLost: (error) => log.warn({ error }, 'store connection lost'),
  }
}
