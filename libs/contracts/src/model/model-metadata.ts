import { z } from 'zod'
import { featureSchema } from '../feature/feature-schema.js'

/** The kinds of normalizing flow that a model may be. */
export const modelKindSchema = z.enum(['realnvp', 'glow', 'spline'])

/** The version of the model artefact that this outflow writes and reads. */
export const MODEL_SCHEMA_VERSION = 1

/** Description of a model, stored in its artefact and in the models table. */
export const modelMetadataSchema = z.object({
  schemaVersion: z.literal(MODEL_SCHEMA_VERSION),
  /** A UUID made from the content: the same records, configuration and seed on the same backend give the same id. */
  modelId: z.uuid(),
  createdAt: z.iso.datetime(),
  /** Version of outflow that fitted it. */
  outflowVersion: z.string(),
  features: z.array(featureSchema).min(1),
  model: z.object({ kind: modelKindSchema, layers: z.int(), hidden: z.array(z.int()) }),
  seed: z.int(),
  contamination: z.number(),
  /** Whether it was fitted to fewer records than `training.minRows`, and is replaced once there are as many. */
  provisional: z.boolean(),
  /** The false-alarm rate for which the calibration set was sized; the model can be used with another rate. */
  alertRate: z.number(),
  /** The span of time of the training records; null if the records have no time. */
  window: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }).nullable(),
  /** Records a day in the window, before any sampling; absent if it is not known. */
  recordsPerDay: z.number().positive().nullish(),
  /** Columns of the flow's row and of its context; dim is 0 if every feature is categorical. */
  dim: z.int().min(0),
  contextDim: z.int().min(0),
  training: z.object({
    /** Records that the tables and the flow were fitted to; except in a provisional model, the calibration records are not among them. */
    rows: z.int(),
    /** none if every feature is categorical. */
    backend: z.enum(['tfjs-node', 'wasm', 'none']),
    backendVersion: z.string(),
    steps: z.int(),
    bestStep: z.int(),
    stopped: z.enum(['patience', 'maxSteps', 'diverged', 'nothing to fit']),
    /** Mean NLLs at the best step, nats in standardised units; null if nothing was fitted. */
    trainNll: z.number().nullable(),
    validationNll: z.number().nullable(),
    durationMs: z.number(),
  }),
  calibration: z.object({
    rows: z.int(),
    /** 1 / (rows + 1): the smallest p-value by counting; without a tail no record gets a smaller one. */
    smallestPValue: z.number(),
    /** Whether a fitted tail gives the p-values beyond the least likely calibration records; false: no fit was good. */
    hasTail: z.boolean(),
    /** Median NLL of the calibration records, nats. */
    medianNll: z.number(),
    /** Calibration records beyond a wide gap, and the p-value of the likeliest of them; null: there are none. */
    extremes: z.object({ rows: z.int(), pValue: z.number() }).nullable(),
    /** The labels by which anomalies were removed from the calibration set; null: the set as it was drawn. */
    labels: z
      .object({
        /** The model as it was fitted, whose calibration records were labelled. */
        of: z.uuid(),
        /** When the latest label was given. */
        until: z.iso.datetime(),
        /** Labels: confirmed anomalies, and others. */
        confirmed: z.int(),
        normal: z.int(),
      })
      .nullable(),
  }),
})

export type ModelMetadata = z.infer<typeof modelMetadataSchema>
