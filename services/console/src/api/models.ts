import { gateReportSchema, modelMetadataSchema } from '@outflow/contracts'
import { z } from 'zod'
import { timeSchema } from './fields.js'

export const modelSchema = z
  .object({
    id: z.string(),
    state: z.enum(['candidate', 'active', 'retired', 'failed_gate', 'rolled_back']),
    active: z.boolean(),
    trainedAt: timeSchema,
    promotedAt: timeSchema.nullable(),
    /** null where its metadata are of a kind unknown here. */
    rows: z.int().nullable(),
    steps: z.int().nullable(),
    /** Of the flow's last look at records that it was not fitted to; nats, standardised. */
    validationNll: z.number().nullable(),
  })
  .meta({ id: 'Model', description: 'A fitted model' })

export const fitReportSchema = z
  .object({
    because: z.string(),
    state: z.string(),
    window: z.object({ from: timeSchema.nullable(), to: timeSchema.nullable(), shortened: z.string().nullable() }),
    /** Records that it was fitted to. */
    rows: z.int(),
    excluded: z.int(),
    rejected: z.int(),
    heldOut: z.int(),
    /** Nats, standardised; null where there was no look at that step. */
    curve: z.array(z.object({ step: z.int(), train: z.number().nullable(), validation: z.number().nullable() })),
    /** As the model's metadata have it. */
    calibration: modelMetadataSchema.shape.calibration.nullable(),
    /** What the gate found; null: it has not seen the model. */
    gate: gateReportSchema.nullable(),
    durationMs: z.number(),
    memoryBytes: z.number().nullable(),
    seed: z.int(),
    /** The model that was active when it began. */
    parent: z.string().nullable(),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'FitReport', description: 'How a model was fitted, and what its gate found' })

export type FitReport = z.infer<typeof fitReportSchema>

export const modelDetailSchema = modelSchema
  .extend({
    pipeline: z.string(),
    fitReport: fitReportSchema.nullable(),
    /** What made it, or unmade it, the active one; the newest first. */
    changes: z.array(
      z.object({
        action: z.enum(['promote', 'rollback']),
        modelId: z.string(),
        previousId: z.string().nullable(),
        by: z.string(),
        why: z.string(),
        at: timeSchema,
      }),
    ),
  })
  .meta({ id: 'ModelDetail', description: 'A model with the report of its fit' })

export const modelChangeSchema = z
  .object({ action: z.enum(['promote', 'rollback']), from: z.string().nullable(), to: z.string() })
  .meta({ id: 'ModelChange', description: 'Which model was active, and which is now' })

const factSchema = z.union([z.string(), z.number()]).nullable()

export const modelDifferenceSchema = z
  .object({
    /** What is not the same; null: not known. */
    facts: z.array(z.object({ name: z.string(), first: factSchema, second: factSchema })),
    /** How much less likely each finds records that the other makes up, nats a record; null: their features differ. */
    divergence: z.object({ secondToFirst: z.number(), firstToSecond: z.number() }).nullable(),
  })
  .meta({ id: 'ModelDifference', description: 'How two models differ' })
