import { z } from 'zod'
import { REJECTION_REASONS } from '../rejection.js'
import { gateReportSchema, shadowReportSchema } from './gate-report.js'
import { modelMetadataSchema } from './model-metadata.js'

/** null if a loss is infinite or NaN, which JSON cannot represent. */
const lossesSchema = z.array(z.number().nullable()).readonly()

/** Input, progress and result of a fit; stored in `outflow.fits` and extended during the fit. */
export const fitReportSchema = z
  .object({
    seed: z.int(),
    /** ISO 8601. */
    window: z
      .object({
        /** Where the configured window begins. */
        asked: z.iso.datetime(),
        /** Its first and last record. */
        from: z.iso.datetime().nullable(),
        to: z.iso.datetime().nullable(),
        /** Why it begins later than `asked`; null if it does not. */
        shortened: z.string().nullable(),
      })
      .readonly(),
    records: z
      .object({
        /** Offsets in the window before it was read: also of transaction markers and records that compaction has deleted. */
        offsets: z.int(),
        /** Records in the window, before sampling. */
        seen: z.int(),
        sampled: z.int(),
        /** Including the calibration records. */
        fitted: z.int(),
        heldOut: z.int(),
        rejected: z.int(),
        rejectedBy: z.partialRecord(z.enum(REJECTION_REASONS), z.int()).readonly(),
        excluded: z.int(),
        /** Confirmed anomalies, records of excluded spans, and records of a burst that a first model leaves out. */
        excludedBy: z.object({ confirmed: z.int(), named: z.int(), burst: z.int() }).readonly(),
      })
      .readonly(),
    /** Curves, steps and cost of the flow's fit; null before, and if every feature is categorical. */
    fit: z
      .object({
        backend: z.string(),
        backendVersion: z.string(),
        steps: z.int(),
        bestStep: z.int(),
        /** Steps at which the held-out rows were evaluated; the two lists below have one entry for each, nats. */
        atSteps: z.array(z.int()).readonly(),
        trainNll: lossesSchema,
        validationNll: lossesSchema,
        bestNll: z.number().nullable(),
        durationMs: z.number(),
        peakMemoryBytes: z.number(),
        stopped: z.enum(['patience', 'maxSteps', 'diverged']),
      })
      .readonly()
      .nullable(),
    calibration: modelMetadataSchema.shape.calibration.nullable(),
    gate: gateReportSchema.nullable(),
    /** Comparison of the candidate, as a shadow, with the active model; absent until it has run. */
    shadow: shadowReportSchema.optional(),
    /** From reading the window to the result. */
    durationMs: z.number(),
    /** Why there is no model; null if there is one. */
    error: z.object({ code: z.string(), message: z.string() }).readonly().nullable(),
  })
  .readonly()

export type FitReport = z.infer<typeof fitReportSchema>
