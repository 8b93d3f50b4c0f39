import { z } from 'zod'
import { featureSchema } from './feature.js'
import { modelKindSchema } from './model-kind.js'

/** The version of the model artefact that this outflow writes and reads. */
export const MODEL_SCHEMA_VERSION = 1

/** Description of a model, stored in its artefact and in the models table. */
export const modelMetadataSchema = z.object({
  schemaVersion: z.literal(MODEL_SCHEMA_VERSION),
  /** A UUID made from the content: the same records, configuration and seed on the same backend give the same id. */
  modelId: z.uuid(),
  createdAt: z.iso.datetime(),
  /** The outflow that fitted it. */
  outflowVersion: z.string(),
  features: z.array(featureSchema).min(1),
  model: z.object({ kind: modelKindSchema, layers: z.int(), hidden: z.array(z.int()) }),
  seed: z.int(),
  contamination: z.number(),
  /** The false-alarm rate that the calibration set was sized for; another may be asked of the same model. */
  alertRate: z.number(),
  /** The span of time that the training records come from; null where the records carry none. */
  window: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }).nullable(),
  /** Records a day in the window, before any sampling; absent where it is not known. */
  recordsPerDay: z.number().positive().nullish(),
  /** Columns of the flow's row and of its context; dim is 0 where every feature is categorical. */
  dim: z.int().min(0),
  contextDim: z.int().min(0),
  training: z.object({
    /** Records that the tables and the flow were fitted to; the calibration records are not among them. */
    rows: z.int(),
    /** tfjs-node, wasm, or none where there is no number to fit. */
    backend: z.enum(['tfjs-node', 'wasm', 'none']),
    backendVersion: z.string(),
    steps: z.int(),
    bestStep: z.int(),
    stopped: z.enum(['patience', 'maxSteps', 'diverged', 'nothing to fit']),
    /** Means of the flow's own last looks, nats in standardised units; null where nothing was fitted. */
    trainNll: z.number().nullable(),
    validationNll: z.number().nullable(),
    durationMs: z.number(),
  }),
  calibration: z.object({
    rows: z.int(),
    /** 1 / (rows + 1): the smallest p-value by counting; without a tail no record gets a smaller one. */
    smallestPValue: z.number(),
    /** Beyond the last few calibration records; null where no fit was good. */
    tail: z
      .object({
        /** Calibration records that it was fitted to, and of those the ones beyond the junction. */
        exceedances: z.int(),
        beyond: z.int(),
        /** Where counting ends and the tail begins: nats, and the p-value there. */
        junction: z.number(),
        junctionPValue: z.number(),
        /** Means over the tail's members; 0 is exponential, above it heavier. The scale is in nats. */
        shape: z.number(),
        scale: z.number(),
      })
      .nullable(),
    /** How far the model's own samples differ in NLL from the calibration records; null where it is not measured. */
    misfit: z
      .object({
        samples: z.int(),
        /** Largest distance of the two distribution functions, 0 to 1, and the p-value of the two being one. */
        distance: z.number(),
        pValue: z.number(),
        /** Share of the calibration records that are less likely than 99 % of the samples: 0.01 if the model is right. */
        beyondSamples: z.number(),
      })
      .nullable(),
    /** Of the calibration records' NLLs, nats. */
    medianNll: z.number(),
  }),
})

export type ModelMetadata = z.infer<typeof modelMetadataSchema>
