import { counterfactualSchema, reasonSchema } from '@outflow/contracts'
import { z } from 'zod'
import {
  cursorSchema,
  limitSchema,
  offsetSchema,
  pipelineSchema,
  severitySchema,
  textSchema,
  timeSchema,
  verdictSchema,
} from './fields.js'

export const anomalySummarySchema = z
  .object({
    /** `pipeline/topic/partition/offset`, as `outflow explain --anomaly` takes it. */
    id: z.string(),
    pipeline: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: offsetSchema,
    /** The record's own timestamp, where it has one. */
    eventTime: timeSchema,
    /** Kafka's; what from, to and sort=time go by. */
    recordTime: timeSchema,
    detectedAt: timeSchema,
    key: z.string().nullable(),
    /** Nats; higher is less likely. */
    nll: z.number(),
    pValue: z.number(),
    /** −log₂ p; null where p is 0. */
    surpriseBits: z.number().nullable(),
    severity: severitySchema,
    modelId: z.string(),
    /** Of the main field, in words. */
    topReason: z.string().nullable(),
    /** Of each reason, the least likely first; empty where there are none yet. */
    fields: z.array(reasonSchema.pick({ field: true, bits: true })),
    /** The last one that was given. */
    verdict: verdictSchema.nullable(),
  })
  .meta({ id: 'AnomalySummary', description: 'A record judged improbable, as a line of a list' })

export type AnomalySummary = z.infer<typeof anomalySummarySchema>

export const givenVerdictSchema = z
  .object({ verdict: verdictSchema, note: z.string().nullable(), by: z.string(), at: timeSchema })
  .meta({ id: 'Verdict', description: 'A verdict on an anomaly' })

export const anomalySchema = anomalySummarySchema
  .extend({
    /** As it came. It is data: to be shown as text, never as HTML. */
    record: z.unknown(),
    /** The main field first; none where they cannot be computed. */
    reasons: z.array(reasonSchema),
    /** Why no reasons can be computed; null: there are some. */
    unexplainable: z.string().nullable(),
    counterfactual: counterfactualSchema.nullable(),
    missing: z.array(z.string()),
    /** Found by `outflow rescore --send-alerts`, not by ingest. */
    rescored: z.boolean(),
    /** 95 % upper confidence limit of pValue. */
    pUpper: z.number(),
    /** null once it is gone. */
    model: z.object({ id: z.string(), trainedAt: timeSchema, state: z.string() }).nullable(),
    /** The newest first. */
    verdicts: z.array(givenVerdictSchema),
    /** What became of its alert. */
    alert: z.object({
      /** Why it was not sent alone; null: it was not held back. */
      unsent: z
        .object({
          because: z.enum(['rule', 'cooldown', 'key', 'reason', 'quiet']),
          ruleId: z.string().nullable(),
          /** The reason that was given for the rule. */
          ruleWhy: z.string().nullable(),
          groupId: z.string().nullable(),
        })
        .nullable(),
      /** At each webhook that it was queued for. */
      deliveries: z.array(
        z.object({
          webhook: z.string(),
          state: z.enum(['waiting', 'delivered', 'dead']),
          attempts: z.int(),
          failure: z.string().nullable(),
          /** When it was delivered, given up, or else queued. */
          at: timeSchema,
        }),
      ),
    }),
  })
  .meta({ id: 'Anomaly', description: 'All that is known of an anomaly' })

export type Anomaly = z.infer<typeof anomalySchema>

/** Which anomalies a list or a count is of. */
export const anomalyFilterSchema = z.object({
  /** Default: that of the console's configuration. */
  pipeline: pipelineSchema.optional(),
  /** Of Kafka's record time: from ≤ t < to. */
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  key: textSchema.optional(),
  /** The main field. */
  field: textSchema.optional(),
  severity: severitySchema.optional(),
  modelId: textSchema.optional(),
  /** The last verdict; `none`: there is none yet. */
  verdict: z.enum([...verdictSchema.options, 'none']).optional(),
  minBits: z.coerce.number().min(0).max(1_100).optional(),
  /** Somewhere in the record or in the key, whatever its case. */
  text: textSchema.optional(),
})

export type AnomalyFilterQuery = z.infer<typeof anomalyFilterSchema>

export const anomaliesQuerySchema = anomalyFilterSchema.extend({
  /** time: the newest first; bits: the most surprising first. */
  sort: z.enum(['time', 'bits']).default('time'),
  limit: limitSchema(500, 50),
  cursor: cursorSchema.optional(),
})

export const anomaliesPageSchema = z.object({
  items: z.array(anomalySummarySchema),
  /** Cursor of the next page; null on the last one. */
  next: z.string().nullable(),
})

export const newVerdictSchema = z.strictObject({
  /** Worth knowing; an ordinary record; out of the ordinary, and known beforehand. */
  verdict: verdictSchema,
  /** Why. */
  note: textSchema.max(4_000).optional(),
})

export const bulkVerdictSchema = z.strictObject({
  ...newVerdictSchema.shape,
  /** On every anomaly of this filter. */
  filter: z.strictObject({ ...anomalyFilterSchema.shape, from: timeSchema, to: timeSchema }),
})

export const bulkVerdictAnswerSchema = z
  .object({ anomalies: z.int() })
  .meta({ id: 'BulkVerdict', description: 'On how many anomalies a verdict was stored' })
