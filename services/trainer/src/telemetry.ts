import type { ModelMetadata, RejectionReason } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import type { Log, Metrics } from '@outflow/runtime'
import type { ModelState } from '@outflow/store'
import type { Due } from './due.js'
import type { GateReport } from './gate.js'
import type { WindowsRead } from './window-notes.js'

/** All that the trainer can say, to the log and to the metrics. */
export interface TrainerTelemetry {
  trainerStarted(): void
  leadershipTaken(): void
  leadershipInterrupted(error: OutflowError): void
  fitStarted(because: Due['because'], rows: number, rejected: Readonly<Record<RejectionReason, number>>): void
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
  const skipped = metrics.counter('outflow_training_rejected_total', 'Window records no model is fitted to', ['reason'])
  return {
    trainerStarted: () => log.info('trainer started'),
    leadershipTaken: () => log.info('leadership taken'),
    leadershipInterrupted: (error) => log.warn({ error }, 'leadership interrupted'),
    fitStarted: (because, rows, rejected) => {
      trained.set(rows)
      for (const [reason, count] of Object.entries(rejected)) skipped.inc({ reason }, count)
      log.info({ because, rows, rejected }, 'fit started')
    },
    windowsRead: ({ entities, split, forgotten }) => {
      if (split > 0) log.warn({ entities, split }, 'window entities split')
      if (forgotten > 0) log.warn({ entities, forgotten }, 'window entities forgotten')
    },
    rowsAwaited: (rows, missing) => log.info({ rows, missing }, 'training rows awaited'),
    modelJudged: (outcome, { modelId, training }, report, durationMs) => {
      fits.inc({ outcome })
      seconds.observe(durationMs / 1_000)
      const { flaggedShare, medianNll, failures } = report
      const { backend, stopped } = training
      const fields = { modelId, backend, stopped, durationMs: Math.round(durationMs), flaggedShare, medianNll }
      if (outcome === 'promoted') log.info(fields, 'model promoted')
      else log.error({ ...fields, failures }, 'model rejected')
    },
    modelKnown: (modelId, state) => {
      fits.inc({ outcome: 'known' })
      log.info({ modelId, state }, 'model known')
    },
    trainingFailed: (error, attempt, waitMs) => {
      fits.inc({ outcome: 'failed' })
      log.error({ error, attempt, waitMs }, 'training failed')
    },
    storeConnectionLost: (error) => log.warn({ error }, 'store connection lost'),
  }
}
