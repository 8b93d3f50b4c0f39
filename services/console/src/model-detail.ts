import type { ModelSummary } from '@outflow/store/models'
import type { StoredFit } from '@outflow/store/training'
import type { z } from 'zod'
import type { FitReport, modelSchema } from './api/index.js'

/** A model as a line of a list. */
export function modelOf({ id, state, createdAt, promotedAt, metadata }: ModelSummary): z.infer<typeof modelSchema> {
  return {
    ...{ id, state, promotedAt },
    active: state === 'active',
    provisional: metadata?.provisional ?? false,
    trainedAt: createdAt,
    rows: metadata?.training.rows ?? null,
    steps: metadata?.training.steps ?? null,
    validationNll: metadata?.training.validationNll ?? null,
    labels: metadata?.calibration.labels ?? null,
  }
}

export function fitReportOf({ report, because, state, incumbentId, startedAt, endedAt }: StoredFit): FitReport {
  const { window, records, fit, calibration, gate, durationMs, seed } = report
  return {
    ...{ because, state, startedAt, endedAt, window, calibration, gate, durationMs, seed },
    parent: incumbentId,
    rows: records.fitted,
    excluded: records.excluded,
    rejected: records.rejected,
    heldOut: records.heldOut,
    curve: (fit?.atSteps ?? []).map((step, index) => ({
      step,
      train: fit?.trainNll[index] ?? null,
      validation: fit?.validationNll[index] ?? null,
    })),
    memoryBytes: fit?.peakMemoryBytes ?? null,
  }
}
