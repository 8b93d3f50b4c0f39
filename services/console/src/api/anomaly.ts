import { counterfactualSchema, reasonSchema } from '@outflow/contracts'
import { z } from 'zod'
import {
  anomalyCursorSchema,
  limitSchema,
  noteSchema,
  offsetSchema,
  pipelineSchema,
  positionSchema,
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
    ...positionSchema.shape,
    /** The record's own timestamp, where it has one. */
    eventTime: timeSchema,
    /** Kafka's timestamp, to which from, to and sort=time refer. */
    recordTime: timeSchema,
    detectedAt: timeSchema,
    key: z.string().nullable(),
    /** Nats; higher is less likely. */
    nll: z.number(),
    pValue: z.number(),
    severity: severitySchema,
    modelId: z.string(),
    /** Found by a provisional model. */
    provisional: z.boolean(),
    /** Text of the main reason, or why there is none; null until the anomaly is explained. */
    topReason: z.string().nullable(),
    /** Field and bits of each reason, the main one first; empty while there are no reasons. */
    fields: z.array(reasonSchema.pick({ field: true, bits: true })),
    /** The latest verdict. */
    verdict: verdictSchema.nullable(),
  })
  .meta({ id: 'AnomalySummary', description: 'An anomaly, as a line of a list' })

export type AnomalySummary = z.infer<typeof anomalySummarySchema>

const givenVerdictSchema = z
  .object({ verdict: verdictSchema, note: z.string().nullable(), by: z.string(), at: timeSchema })
  .meta({ id: 'Verdict', description: 'A verdict on an anomaly' })

export const storedVerdictSchema = givenVerdictSchema
  .extend({
    /** The verdict that counted before; null: the first one. */
    replaced: givenVerdictSchema.nullable(),
  })
  .meta({ id: 'StoredVerdict', description: 'A verdict that was stored, and the one that it replaces' })

export const anomalySchema = anomalySummarySchema
  .extend({
    /** As it was received. Show it as text, never as HTML. */
    record: z.unknown(),
    /** Main reason first; empty if reasons cannot be computed. */
    reasons: z.array(reasonSchema),
    /** Why no reasons can be computed; null: they can. */
    unexplainable: z.string().nullable(),
    counterfactual: counterfactualSchema.nullable(),
    missing: z.array(z.string()),
    /** Found by `outflow rescore --send-alerts`, not by ingest. */
    rescored: z.boolean(),
    /** 95 % upper confidence limit of pValue. */
    pUpper: z.number(),
    /** null when the model has been deleted. */
    model: z.object({ trainedAt: timeSchema, state: z.string() }).nullable(),
    /** Newest first. */
    verdicts: z.array(givenVerdictSchema),
    /** Whether and how its alert was sent. */
    alert: z.object({
      /** Why it was not sent alone; null: it was not held back. */
      unsent: z
        .object({
          because: z.enum(['rule', 'cooldown', 'key', 'reason', 'quiet', 'provisional']),
          ruleId: z.string().nullable(),
          /** Reason that the author of the rule gave. */
          ruleWhy: z.string().nullable(),
          groupId: z.string().nullable(),
        })
        .nullable(),
      /** At each webhook for which it was queued. */
      deliveries: z.array(
        z.object({
          webhook: z.string(),
          state: z.enum(['waiting', 'delivered', 'dead']),
          attempts: z.int(),
          failure: z.string().nullable(),
          /** Time of delivery, of giving up, or else of queueing. */
          at: timeSchema,
        }),
      ),
    }),
  })
  .meta({ id: 'Anomaly', description: 'An anomaly with its record, reasons, verdicts and alert' })

/** The records of an anomaly's entity around it. */
export const valuesAroundSchema = z
  .object({
    /** Kafka headers of the anomaly's message; null: the topic no longer holds it. Values that are not UTF-8 are `base64: …`. */
    headers: z.array(z.object({ name: z.string(), value: z.string().nullable() })).nullable(),
    /** Whether earlier records have been deleted from the topic. */
    isCutShort: z.boolean(),
    fields: z.array(z.string()),
    /** In order of offsets. */
    records: z.array(
      z.object({
        offset: offsetSchema,
        /** One for each of `fields`: the value, and the span in which the model expects nine in ten, given the record's other fields. */
        bands: z.array(z.object({ value: z.number().nullable(), low: z.number(), high: z.number() })),
      }),
    ),
  })
  .meta({
    id: 'ValuesAround',
    description: "The records of an anomaly's entity around it, with what the model expects",
  })

export type ValuesAround = z.infer<typeof valuesAroundSchema>

export const entitySchema = z
  .object({
    anomalies: z.int(),
    /** Counts by the latest verdict of each. */
    confirmed: z.int(),
    falseAlarms: z.int(),
    /** Kafka's record time; null: it has no anomaly. */
    firstSeen: timeSchema.nullable(),
  })
  .meta({ id: 'Entity', description: 'Counts of the anomalies of an entity' })

export const similarPageSchema = z.object({
  items: z.array(
    anomalySummarySchema.extend({
      /** 0 to 1: cosine of the bits of their fields. */
      similarity: z.number(),
    }),
  ),
})

/** Selects the anomalies of a list or a count. */
export const anomalyFilterSchema = z.object({
  /** Default: the pipeline of the console's configuration. */
  pipeline: pipelineSchema.optional(),
  /** Range of Kafka's record time: from ≤ t < to. */
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  key: textSchema.optional(),
  /** Field of the main reason. */
  field: textSchema.optional(),
  severity: severitySchema.optional(),
  modelId: textSchema.optional(),
  /** The latest verdict; `none`: there is none yet. */
  verdict: z.enum([...verdictSchema.options, 'none']).optional(),
  minBits: z.coerce.number().min(0).max(1_100).optional(),
  /** Contained in the record or in the key; case does not matter. If the rest selects more than 50,000, the least likely are searched. */
  text: textSchema.optional(),
})

export type AnomalyFilterQuery = z.infer<typeof anomalyFilterSchema>

export const anomaliesQuerySchema = anomalyFilterSchema.extend({
  /** time: newest first; bits: most surprising first. */
  sort: z.enum(['time', 'bits']).default('time'),
  /** Fields of the record whose values are returned, such as `delay` or `route.origin`; may be repeated. */
  column: z.union([textSchema, z.array(textSchema).max(20)]).optional(),
  limit: limitSchema(500, 50),
  cursor: anomalyCursorSchema.optional(),
  /** Only anomalies that were detected in this time before the request, ms: the new ones. */
  detectedWithinMs: z.coerce.number().int().min(1).max(1e12).optional(),
})

export const anomalyRowSchema = anomalySummarySchema
  .extend({
    /** One for each `column`, as text, at most 200 characters; null: the record has none. */
    values: z.array(z.string().nullable()),
  })
  .meta({ id: 'AnomalyRow', description: 'An anomaly, as a row of a list with columns' })

export const anomaliesPageSchema = z.object({
  items: z.array(anomalyRowSchema),
  /** Cursor of the next page; null on the last one. */
  next: anomalyCursorSchema.nullable(),
})

export const newVerdictSchema = z.strictObject({
  /** A real anomaly; a normal record; unusual, but known beforehand. */
  verdict: verdictSchema,
  /** The reason. */
  note: noteSchema.optional(),
})

export const bulkVerdictSchema = z.strictObject({
  ...newVerdictSchema.shape,
  /** Anomalies that get the verdict. */
  filter: z.strictObject({ ...anomalyFilterSchema.shape, from: timeSchema, to: timeSchema }),
})

export const bulkVerdictAnswerSchema = z
  .object({ anomalies: z.int() })
  .meta({ id: 'BulkVerdict', description: 'Number of anomalies on which a verdict was stored' })
