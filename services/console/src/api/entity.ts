import { z } from 'zod'
import { anomalySummarySchema } from './anomaly.js'
import { timeSchema } from './fields.js'

export const entitySchema = z
  .object({
    key: z.string(),
    anomalies: z.int(),
    /** By the last verdict on each. */
    confirmed: z.int(),
    falseAlarms: z.int(),
    /** Kafka's record time; null: it has no anomaly. */
    firstSeen: timeSchema.nullable(),
    lastSeen: timeSchema.nullable(),
    /** Of the last 90 days those with anomalies. */
    byDay: z.array(z.object({ day: z.iso.date(), anomalies: z.int() })),
    recent: z.array(anomalySummarySchema),
  })
  .meta({ id: 'Entity', description: 'What is stored of an entity' })

export const similarPageSchema = z.object({
  items: z.array(
    anomalySummarySchema.extend({
      /** 0 to 1: cosine of the bits of their fields. */
      similarity: z.number(),
    }),
  ),
})
