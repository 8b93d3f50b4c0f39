import type { RejectionReason } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import type { OutflowError } from '@outflow/errors'
import type { GateReport } from './gate.js'
import type { TrainingRecords } from './training-records.js'

/** What a fit saw, did and came to: kept in `outflow.fits`, grown as the fit goes on. */
export interface FitReport {
  readonly seed: number
  readonly window: {
    /** ISO 8601: where it was to begin, and its first and last record. */
    readonly asked: string
    readonly from: string | null
    readonly to: string | null
    /** Why it begins later than it was to; null where it does not. */
    readonly shortened: string | null
    /** A record so much older than the newest counts half as much; null: all count alike. */
    readonly halfLifeMs: number | null
  }
  readonly records: {
    /** In the window, before it was sampled. */
    readonly seen: number
    readonly sampled: number
    readonly fitted: number
    readonly heldOut: number
    readonly rejected: number
    readonly rejectedBy: Readonly<Partial<Record<RejectionReason, number>>>
    readonly excluded: number
    readonly excludedBy: TrainingRecords['excluded']
  }
  /** Curves, steps and cost of the flow's fit, of two flows the first's; null before, and where every feature is categorical. */
  readonly fit: TrainedDetector['fit']
  /** Which fit was kept, the one that went on from the active model or that from nothing; null where there was no such model. */
  readonly start: TrainedDetector['start']
  readonly calibration: TrainedDetector['metadata']['calibration'] | null
  readonly gate: GateReport | null
  /** From the window read to the verdict. */
  readonly durationMs: number
  /** Why there is no model; null where there is one. */
  readonly error: { readonly code: string; readonly message: string } | null
}

export interface BegunFit {
  readonly seed: number
  readonly askedMs: number
  readonly seen: number
  readonly isCutShort: boolean
  readonly read: TrainingRecords
  readonly sampled: number
  readonly heldOut: number
  readonly halfLifeMs: number | null
}

/** A report as it stands when the fit begins. */
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
      excluded: read.excluded.confirmed + read.excluded.named,
      excludedBy: read.excluded,
    },
    fit: null,
    start: null,
    calibration: null,
    gate: null,
    durationMs: 0,
    error: null,
  }
}

/** The report of a fit that gave a model. */
export function judgedReport(
  begun: FitReport,
  { fit, start, metadata }: TrainedDetector,
  gate: GateReport,
  durationMs: number,
): FitReport {
  return { ...begun, fit, start, calibration: metadata.calibration, gate, durationMs }
}

/** The report of one that did not. */
export function failedReport(begun: FitReport, { code, message }: OutflowError, durationMs: number): FitReport {
  return { ...begun, durationMs, error: { code, message } }
}
