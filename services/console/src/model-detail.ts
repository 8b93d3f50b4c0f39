import { modelMetadataSchema } from '@outflow/contracts'
import type { ModelSummary } from '@outflow/store/models'
import type { StoredFit } from '@outflow/store/training'
import { z } from 'zod'
import type { FitReport, modelSchema } from './api/index.js'

/** A model as a line of a list. */
export function modelOf({ id, state, createdAt, promotedAt, metadata }: ModelSummary): z.infer<typeof modelSchema> {
  const known = modelMetadataSchema.safeParse(metadata)
  const training = known.success ? known.data.training : null
  return {
    id,
    state,
    active: state === 'active',
    trainedAt: createdAt.toISOString(),
    promotedAt: promotedAt?.toISOString() ?? null,
    rows: training?.rows ?? null,
    steps: training?.steps ?? null,
    validationNll: training?.validationNll ?? null,
  }
}

const object = z.record(z.string(), z.unknown())
const count = z.int().nullable().catch(null)
const time = z.iso.datetime().nullable().catch(null)
const losses = z.array(z.number().nullable()).catch([])

/** What of a trainer's report is shown; what another version says otherwise is left out. */
const storedReportSchema = z.object({
  window: z
    .object({ from: time, to: time, shortened: z.string().nullable().catch(null) })
    .nullable()
    .catch(null),
  records: z.object({ fitted: count, excluded: count, rejected: count, heldOut: count }).nullable().catch(null),
  fit: z
    .object({
      atSteps: z.array(z.int()).catch([]),
      trainNll: losses,
      validationNll: losses,
      peakMemoryBytes: z.number().nullable().catch(null),
    })
    .nullable()
    .catch(null),
  calibration: object.nullable().catch(null),
  gate: object.nullable().catch(null),
  durationMs: z.number().nullable().catch(null),
  seed: count,
})

export function fitReportOf(fit: StoredFit): FitReport {
  const report = storedReportSchema.safeParse(fit.report).data
  const atSteps = report?.fit?.atSteps ?? []
  return {
    because: fit.because,
    state: fit.state,
    window: report?.window ?? null,
    rows: report?.records?.fitted ?? null,
    excluded: report?.records?.excluded ?? null,
    rejected: report?.records?.rejected ?? null,
    heldOut: report?.records?.heldOut ?? null,
    curve: atSteps.map((step, index) => ({
      step,
      train: report?.fit?.trainNll[index] ?? null,
      validation: report?.fit?.validationNll[index] ?? null,
    })),
    calibration: report?.calibration ?? null,
    gate: report?.gate ?? null,
    durationMs: report?.durationMs ?? null,
    memoryBytes: report?.fit?.peakMemoryBytes ?? null,
    seed: report?.seed ?? null,
    parent: fit.incumbentId,
    startedAt: fit.startedAt.toISOString(),
    endedAt: fit.endedAt?.toISOString() ?? null,
  }
}
