import { z } from 'zod'
import { anomalySummarySchema } from './anomaly.js'
import { timeSchema } from './fields.js'

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
