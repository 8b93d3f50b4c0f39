import { z } from 'zod'
import { counterfactualSchema, reasonSchema } from './reason.js'

export const ALERT_EVENT_TYPE = 'outflow.anomaly.v1'
/** Content type of a CloudEvent in structured mode. @see CloudEvents 1.0, Kafka protocol binding, § 3.3 */
export const ALERT_CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8'

/**
 * The event of an anomaly: CloudEvents 1.0 in structured JSON, keyed by the entity. Published as
 * `schemas/outflow.anomaly.v1.json`; the README states what may change within a version.
 */
export const alertEventSchema = z
  .object({
    specversion: z.literal('1.0').describe('Version of CloudEvents'),
    type: z.literal(ALERT_EVENT_TYPE),
    id: z.string().describe('pipeline/topic/partition/offset: the same record always gives the same id'),
    source: z.string().describe('/outflow/ and the pipeline'),
    subject: z.string().optional().describe('The entity; absent if the record has none'),
    time: z.iso.datetime().describe("When the event happened, by the record's own timestamp"),
    datacontenttype: z.literal('application/json'),
    data: z.object({
      pipeline: z.string().describe('Pipeline that found the anomaly'),
      topic: z.string().describe('Where the record was read'),
      partition: z.int().describe('Where the record was read'),
      offset: z.string().regex(/^\d+$/).describe('Where the record was read; 64 bits, hence text'),
      key: z.string().nullable().describe('The entity; null if the record has none'),
      nll: z.number().describe('Negative log-likelihood in nats; higher is less likely'),
      pValue: z.number().describe('Share of normal records with an nll at least as high'),
      pUpper: z.number().describe('95 % upper confidence limit of the p-value'),
      surpriseBits: z.number().describe('−log₂ of the p-value'),
      counterfactual: counterfactualSchema
        .nullable()
        .describe('The nearest normal record; null if no change of a few fields makes the record normal'),
      missing: z.array(z.string()).describe('Fields that the record lacks; it was scored on the others'),
      severity: z.enum(['low', 'medium', 'high']),
      reasons: z
        .array(reasonSchema)
        .describe(
          'Why, the field that is likeliest wrong first; empty if the alert was sent before they were computed',
        ),
      record: z
        .record(z.string(), z.unknown())
        .describe('The record as it was decoded; {} if it was too large to send'),
      modelId: z.string().describe('The model that scored the record'),
      provisional: z
        .boolean()
        .optional()
        .describe('true: that model is provisional, fitted to fewer records than training.minRows; absent: it is not'),
      url: z.url().optional().describe('Its page in the console; absent without console.url'),
      detectedAt: z.iso.datetime().describe('When outflow found the anomaly'),
    }),
  })
  .describe('An anomaly, as a CloudEvents 1.0 event.')

export type AlertEvent = z.infer<typeof alertEventSchema>
export type Severity = AlertEvent['data']['severity']
