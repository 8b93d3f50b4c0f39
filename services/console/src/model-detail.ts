import type { ModelSummary } from '@outflow/store/models'
import type { StoredFit } from '@outflow/store/training'
import type { z } from 'zod'
import type { FitReport, modelSchema } from './api/index.js'

/** A model as a line of a list. */
export function modelOf({ id, state, createdAt, promotedAt, metadata }: ModelSummary): z.infer<typeof modelSchema> {
  return {
    id,
    state,
    active: state === 'active',
    provisional: metadata?.provisional ?? false,
    trainedAt: createdAt.toISOString(),
    promotedAt: promotedAt?.toISOString() ?? null,
    rows: metadata?.training.rows ?? null,
    steps: metadata?.training.steps ?? null,
    validationNll: metadata?.training.validationNll ?? null,
    labels: metadata?.calibration.labels ?? null,
  }
}

export function fitReportOf({ report, ...fit }: StoredFit): FitReport {
  const { window, records, calibration, gate, durationMs, seed } = report
  return {
    because: fit.because,
    state: fit.state,
    window: { from: window.from, to: window.to, shortened: window.shortened },
    rows: records.fitted,
    excluded: records.excluded,
    rejected: records.rejected,
    heldOut: records.heldOut,
    curve: (report.fit?.atSteps ?? []).map((step, index) => ({
      step,
      train: report.fit?.trainNll[index] ?? null,
      validation: report.fit?.validationNll[index] ?? null,
    })),
    calibration,
    gate,
    durationMs,
    memoryBytes: report.fit?.peakMemoryBytes ?? null,
    seed,
    parent: fit.incumbentId,
    startedAt: fit.startedAt.toISOString(),
    endedAt: fit.endedAt?.toISOString() ?? null,
  }
}
