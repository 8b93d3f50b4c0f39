import { z } from 'zod'
import { anomalySummarySchema } from './anomaly.js'
import { timeSchema } from './fields.js'
import { markSchema } from './pipelines.js'

export const entitySchema = z
  .object({
    key: z.string(),
    anomalies: z.int(),
    /** Counts by the latest verdict of each. */
    confirmed: z.int(),
    falseAlarms: z.int(),
    /** Kafka's record time; null: it has no anomaly. */
    firstSeen: timeSchema.nullable(),
    /** Ends of the axis of byDay and marks: the last 90 days. */
    from: timeSchema,
    to: timeSchema,
    /** Newest first. */
    marks: z.array(markSchema).readonly(),
    /** Days with anomalies. */
    byDay: z.array(z.object({ day: z.iso.date(), anomalies: z.int() })),
    recent: z.array(anomalySummarySchema),
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
