import { z } from 'zod'
import { deadLetterCursorSchema, offsetSchema, positionSchema, timeSchema } from './fields.js'
import { MAX_RESENDS } from './limits.js'

export const pipelinesSchema = z.array(
  z
    .object({
      pipeline: z.string(),
      /** Time of detection. */
      newestAnomalyAt: timeSchema.nullable(),
      /** Whether it is that of the console's configuration: the console reads the topics of no other one. */
      isOwn: z.boolean(),
    })
    .meta({ id: 'Pipeline', description: 'A pipeline of the database' }),
)

export const markSchema = z
  .object({
    at: timeSchema,
    kind: z.enum(['model', 'drift', 'health', 'suppression']),
    /** Id of the model that became active; direction of the drift; kind of the health event; id of the rule. */
    subject: z.string(),
    /** promote or rollback; subject of the health event or the rule. */
    detail: z.string().nullable(),
    /** Number of events of this kind within a hundredth of the axis; the others are described by the newest. */
    count: z.int(),
    /** Time of the oldest. */
    firstAt: timeSchema,
  })
  .meta({ id: 'Mark', description: 'Events of one kind that may explain a change of the scores' })

export const scoresSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    /** Newest first. */
    marks: z.array(markSchema).readonly(),
    /** Of the active model at the configuration's alert rate, nats; null if there is none. */
    threshold: z.number().nullable(),
    step: z.int(),
    points: z.array(
      z.object({
        time: timeSchema,
        records: z.int(),
        anomalies: z.int(),
        /** Nats; read from a histogram: within 22 % of the exact values, or 0.2 nats. max is exact. */
        p50: z.number(),
        p90: z.number(),
        p99: z.number(),
        p999: z.number(),
        max: z.number(),
      }),
    ),
  })
  .meta({ id: 'Scores', description: 'Percentiles of the scores over time' })

export const healthSchema = z
  .object({
    /** Records that are not read yet; null if Kafka does not answer, or the pipeline is another configuration's. */
    lag: z.array(z.object({ topic: z.string(), partition: z.int(), lag: z.int(), offset: offsetSchema })).nullable(),
    /** Over the last full minute and the current one, by Kafka's record time. */
    recordsPerSecond: z.number(),
    /** Rejected in the last 24 hours. */
    deadLetters: z.array(z.object({ reason: z.string(), count: z.int(), lastAt: timeSchema })),
    /** The last 20. */
    drift: z.array(
      z.object({
        raisedAt: timeSchema,
        /** less likely, too normal, more spread, less spread or new value. */
        chart: z.string(),
        fields: z.array(z.object({ field: z.string(), nats: z.number() })).readonly(),
      }),
    ),
    /** Conditions that hold or held, and one-time events: the last 50, newest first. */
    events: z.array(
      z.object({
        kind: z.string(),
        detail: z.string(),
        begunAt: timeSchema,
        /** null: the condition holds. A one-time event ends when it begins. */
        endedAt: timeSchema.nullable(),
      }),
    ),
    activeModelAgeSeconds: z.number().nullable(),
    /** That the active model is provisional, and what a full one needs; null: it is not, or the pipeline is another configuration's. */
    provisional: z.string().nullable(),
    /** Why no model is active, in words; null: a model is active. */
    whyNoModel: z.string().nullable(),
    outboxWaiting: z.int(),
  })
  .meta({ id: 'Health', description: 'Health of a pipeline' })

/** Dead letters to resend. */
export const resendSchema = z.strictObject({
  positions: z.array(z.strictObject(positionSchema.shape)).min(1).max(MAX_RESENDS),
})

const positionsSchema = z.array(z.string())

export const resendReportSchema = z
  .object({
    /** `topic/partition/offset` of those that the alerts service will send. */
    queued: positionsSchema,
    /** Those that were resent before. */
    before: positionsSchema,
    stillInvalid: z.array(z.object({ position: z.string(), reason: z.string(), detail: z.string() })),
    /** Those that the dead-letter topic has without the whole record, because that was too large. */
    cut: positionsSchema,
    /** Those that are not on the dead-letter topic yet, but in the outbox. */
    unsent: positionsSchema,
    /** Those that the dead-letter topic no longer holds. */
    gone: positionsSchema,
  })
  .meta({ id: 'ResendReport', description: 'What became of each dead letter' })

export type ResendReport = z.infer<typeof resendReportSchema>

export const deadLettersPageSchema = z.object({
  items: z.array(
    z
      .object({
        ...positionSchema.shape,
        reason: z.string(),
        detail: z.string(),
        rejectedAt: timeSchema,
        /** The key and the first KiB of the value, as text where they are UTF-8, else in base64; null: there is none. */
        key: z.string().nullable(),
        valueStart: z.string().nullable(),
        /** Whether the value has more bytes than its start. */
        valueIsCut: z.boolean(),
        /** Length of the whole value; null: the record had none. */
        valueBytes: z.int().nullable(),
        /** When it was sent to its source topic again. */
        resentAt: timeSchema.nullable(),
      })
      .meta({ id: 'DeadLetter', description: 'A record that broke its contract' }),
  ),
  next: deadLetterCursorSchema.nullable(),
})
