import { z } from 'zod'
import { groupExampleSchema } from './group-event.js'

/** An example of the anomalies in a group, as it is stored. */
const exampleSchema = groupExampleSchema
  .omit({ time: true, surpriseBits: true })
  .extend({ eventTimeMs: z.number() })
  .readonly()

/** Span of detection times in which alerts of one kind are counted, grouped or hidden; its times are epoch ms. */
export const alertBucketSchema = z
  .object({
    /** What its alerts share: a key, a main reason, quiet hours, or the cool-down of a key. */
    kind: z.enum(['key', 'reason', 'quiet', 'cooldown']),
    /** The key, or the reason as `["field","above"]`, or empty. */
    subject: z.string(),
    closesAtMs: z.number(),
    /** Number of further alerts that may be sent individually. */
    allowance: z.number(),
    /** Number of alerts that were sent individually. */
    sent: z.number(),
    /** Number of grouped alerts; in a cool-down, of hidden ones. */
    count: z.number(),
    /** Severity of the most severe grouped alert; in a cool-down, of the alert that began it. null while no alert is grouped. */
    severity: groupExampleSchema.shape.severity.nullable(),
    /** Id of the first grouped alert, which identifies the group. */
    firstId: z.string().nullable(),
    firstAtMs: z.number().nullable(),
    lastAtMs: z.number().nullable(),
    /** The least likely of the grouped alerts, the least likely first. */
    examples: z.array(exampleSchema).readonly(),
  })
  .readonly()

export type AlertBucket = z.infer<typeof alertBucketSchema>
export type AlertBucketKind = AlertBucket['kind']
