import { fitReportSchema, modelMetadataSchema } from '@outflow/contracts'
import { z } from 'zod'
import { timeSchema } from './fields.js'

export const modelSchema = z
  .object({
    id: z.string(),
    state: z.enum(['candidate', 'active', 'retired', 'failed_gate', 'rolled_back']),
    /** A candidate that scores live records without deciding. */
    shadow: z.boolean(),
    /** Fitted to fewer records than training.minRows. */
    provisional: z.boolean(),
    trainedAt: timeSchema,
    promotedAt: timeSchema.nullable(),
    /** null if the version of its metadata is unknown. */
    rows: z.int().nullable(),
    steps: z.int().nullable(),
    /** Of the flow's last validation, on records that it was not fitted to; nats, standardised. */
    validationNll: z.number().nullable(),
    /** By which its calibration set was trimmed; null: it was not. */
    labels: modelMetadataSchema.shape.calibration.shape.labels,
  })
  .meta({ id: 'Model', description: 'A fitted model' })

export const fitSchema = z
  .object({
    because: z.string(),
    /** The model that was active when the fit began. */
    incumbentId: z.string().nullable(),
    report: fitReportSchema,
  })
  .meta({ id: 'Fit', description: 'A fit, with the report of it and of its gate' })

export const modelDetailSchema = modelSchema
  .extend({
    fit: fitSchema.nullable(),
    /** Promotions and rollbacks that concern the model; newest first. */
    changes: z.array(
      z.object({
        action: z.enum(['promote', 'rollback']),
        modelId: z.string(),
        by: z.string(),
        why: z.string(),
        at: timeSchema,
      }),
    ),
  })
  .meta({ id: 'ModelDetail', description: 'A model with the report of its fit' })

export const calibrationRecordsSchema = z
  .object({
    /** Calibration records of the active model with a verdict, and those of them that are confirmed. */
    labelled: z.int(),
    confirmed: z.int(),
    /** The least likely first; empty: no more labels are needed, or there is no active model. */
    next: z.array(
      z.object({
        /** `pipeline/topic/partition/offset`: give the verdict as on an anomaly of this id. */
        id: z.string(),
        recordTime: timeSchema,
        /** Values of the features, by name. */
        record: z.record(z.string(), z.union([z.string(), z.number()]).nullable()),
        /** Nats; higher is less likely. */
        nll: z.number(),
      }),
    ),
  })
  .meta({ id: 'CalibrationRecords', description: 'The calibration records of the active model to label next' })

export const precisionSchema = z
  .object({
    groupedBy: z.enum(['week', 'field', 'severity', 'model']),
    /** Monday of the week (UTC), field of the main reason, severity, or id of the model. */
    value: z.string(),
    confirmed: z.int(),
    falseAlarms: z.int(),
    expected: z.int(),
    /** confirmed / (confirmed + falseAlarms + expected) */
    precision: z.number(),
    /** 95 % interval of the precision. */
    lower: z.number(),
    upper: z.number(),
  })
  .meta({ id: 'Precision', description: 'Share of the anomalies with a verdict that are confirmed, in a group' })

const factSchema = z.union([z.string(), z.number()]).nullable()

export const modelDifferenceSchema = z
  .object({
    /** Facts in which they differ; null: not known. */
    facts: z.array(z.object({ name: z.string(), first: factSchema, second: factSchema })),
    /** How much less likely each finds records drawn from the other, nats per record; null: their features or usual values differ. */
    divergence: z.object({ secondToFirst: z.number(), firstToSecond: z.number() }).nullable(),
    /** Anomalies under both and under one alone, of the same records; null: they never scored the same. */
    decisions: z
      .object({
        on: z.enum(['live records', 'held-out records']),
        records: z.int(),
        both: z.int(),
        first: z.int(),
        second: z.int(),
      })
      .nullable(),
    /** Anomalies in a million records by field of the main reason; null: the model's statistics or anomalies are not kept. */
    fields: z.array(
      z.object({ field: z.string().nullable(), first: z.number().nullable(), second: z.number().nullable() }),
    ),
  })
  .meta({ id: 'ModelDifference', description: 'How two models differ' })
