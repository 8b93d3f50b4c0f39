import { z } from 'zod'
import { nearestNormalSchema, reasonSchema } from './reason.js'

export const ALERT_EVENT_TYPE = 'outflow.anomaly.v1'
/** Content type of a CloudEvent in structured mode. @see CloudEvents 1.0, Kafka protocol binding, § 3.3 */
export const ALERT_CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8'

/** What is sent about an anomaly: a CloudEvents 1.0 event in structured JSON, keyed by the entity. */
export const alertEventSchema = z.object({
  specversion: z.literal('1.0'),
  type: z.literal(ALERT_EVENT_TYPE),
  /** `pipeline/topic/partition/offset`: the same record always gives the same id. */
  id: z.string(),
  source: z.string(),
  subject: z.string().optional(),
  /** When the event happened, by the record's own timestamp. */
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  data: z.object({
    pipeline: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.string().regex(/^\d+$/),
    key: z.string().nullable(),
    /** Negative log-likelihood, nats; higher is stranger. */
    nll: z.number(),
    pValue: z.number(),
    /** 95 % upper confidence limit of the p-value; absent in alerts of earlier outflows, as are the next two. */
    pUpper: z.number().optional(),
    /** −log₂ p */
    surpriseBits: z.number().optional(),
    /** What would have been normal; null where no few changes make it so. */
    nearest: nearestNormalSchema.nullable().optional(),
    /** Fields that the record left missing: it was scored on the others. Absent in alerts of earlier outflows. */
    missing: z.array(z.string()).optional(),
    severity: z.enum(['low', 'medium', 'high']),
    reasons: z.array(reasonSchema),
    record: z.record(z.string(), z.unknown()),
    modelId: z.string(),
    detectedAt: z.iso.datetime(),
  }),
})

export type AlertEvent = z.infer<typeof alertEventSchema>
export type Severity = AlertEvent['data']['severity']
