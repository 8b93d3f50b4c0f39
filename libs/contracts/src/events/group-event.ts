import { z } from 'zod'
import { alertEventSchema } from './alert-event.js'

export const GROUP_EVENT_TYPE = 'outflow.anomaly_group.v1'

const { key, nll, pValue, surpriseBits, severity } = alertEventSchema.shape.data.shape

export const groupExampleSchema = z.object({
  id: z.string().describe('pipeline/topic/partition/offset, as outflow explain --anomaly accepts it'),
  time: alertEventSchema.shape.time,
  key,
  severity: severity.describe('How far the p-value is below the alert rate'),
  ...{ nll, pValue, surpriseBits },
  reason: z.string().nullable().describe('The main reason in words; null if it has none'),
})

/**
 * The event of several anomalies, sent instead of an alert for each: CloudEvents 1.0 in structured JSON, keyed by the entity if
 * they share it. Published as `schemas/outflow.anomaly_group.v1.json`.
 */
export const groupEventSchema = alertEventSchema
  .extend({
    type: z.literal(GROUP_EVENT_TYPE),
    id: z.string().describe('Id of the first alert in the group, followed by /group'),
    subject: z.string().optional().describe('The entity; absent unless it is what the anomalies share'),
    time: z.iso.datetime().describe('When the last of them was detected'),
    data: z.object({
      pipeline: z.string().describe('Pipeline that found the anomalies'),
      by: z.enum(['key', 'reason', 'quiet']).describe('What they share: an entity, a main reason, or quiet hours'),
      key: z.string().nullable().describe('The entity; null unless it is what they share'),
      reason: z
        .object({
          field: z.string().describe('Field of the main reason'),
          direction: z
            .enum(['above', 'below'])
            .nullable()
            .describe('Whether the number is above or below the expected one; null for a category'),
        })
        .nullable()
        .describe('The main reason; null unless it is what they share'),
      count: z.int().min(1).describe('How many anomalies the group has; none of them has an alert of its own'),
      sent: z
        .int()
        .min(0)
        .describe('How many alerts of the same key or reason were sent individually before, in the same bucket'),
      severity: severity.describe('Severity of the most severe anomaly'),
      firstDetectedAt: z.iso.datetime().describe('When the first of them was detected'),
      lastDetectedAt: z.iso.datetime().describe('When the last of them was detected'),
      url: z.url().optional().describe('The list of them in the console; absent without console.url'),
      examples: z
        .array(groupExampleSchema)
        .describe('The least likely first, five at most; empty if the event would be too large for the topic'),
      text: z.string().describe('The same in words'),
    }),
  })
  .describe('Several anomalies in one alert, as a CloudEvents 1.0 event.')

export type GroupEvent = z.infer<typeof groupEventSchema>
