import type { FitReport, GateReport } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import type { OutflowError } from '@outflow/errors'
import type { TrainingRecords } from './training-records.js'

interface BegunFit {
  readonly seed: number
  readonly askedMs: number
  readonly seen: number
  readonly isCutShort: boolean
  readonly read: TrainingRecords
  readonly sampled: number
  readonly heldOut: number
  readonly halfLifeMs: number | null
}

/** The report at the begin of a fit. */
export function begunReport({
  seed,
  askedMs,
  seen,
  isCutShort,
  read,
  sampled,
  heldOut,
  halfLifeMs,
}: BegunFit): FitReport {
  const rejectedBy = Object.fromEntries(Object.entries(read.rejected).filter(([, count]) => count > 0))
  return {
    seed,
    window: {
      asked: new Date(askedMs).toISOString(),
      from: read.window?.from ?? null,
      to: read.window?.to ?? null,
      shortened: isCutShort ? 'the topic no longer holds its beginning: its retention is shorter' : null,
      halfLifeMs,
    },
    records: {
      seen,
      sampled,
      fitted: read.fields.length - heldOut,
      heldOut,
      rejected: Object.values(read.rejected).reduce((sum, count) => sum + count, 0),
      rejectedBy,
      excluded: Object.values(read.excluded).reduce((sum, count) => sum + count, 0),
      excludedBy: read.excluded,
    },
    fit: null,
    calibration: null,
    gate: null,
    durationMs: 0,
    error: null,
  }
}

/** The report of a fit that produced a model. */
export function judgedReport(
  begun: FitReport,
  { fit, metadata }: TrainedDetector,
  gate: GateReport,
  durationMs: number,
): FitReport {
  return { ...begun, fit, calibration: metadata.calibration, gate, durationMs }
}

/** The report of a fit that produced no model. */
export function failedReport(begun: FitReport, { code, message }: OutflowError, durationMs: number): FitReport {
  return { ...begun, durationMs, error: { code, message } }
}
