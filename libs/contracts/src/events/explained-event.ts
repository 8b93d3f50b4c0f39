import { z } from 'zod'
import { alertEventSchema } from './alert-event.js'

export const EXPLAINED_EVENT_TYPE = 'outflow.anomaly_explained.v1'

const { pipeline, topic, partition, offset, key, counterfactual, reasons, modelId, url } =
  alertEventSchema.shape.data.shape

/**
 * The event of the reasons of an anomaly whose alert was sent without them: CloudEvents 1.0 in structured JSON, keyed like the alert.
 * Published as `schemas/outflow.anomaly_explained.v1.json`.
 */
export const explainedEventSchema = alertEventSchema
  .extend({
    type: z.literal(EXPLAINED_EVENT_TYPE),
    id: z.string().describe('Id of the alert, followed by /explained'),
    data: z.object({
      alertId: z.string().describe('Id of the alert'),
      ...{ pipeline, topic, partition, offset, key, counterfactual },
      reasons: reasons.describe('Why, the field that is likeliest wrong first'),
      ...{ modelId, url },
    }),
  })
  .describe('The reasons of an anomaly, computed after its alert was sent: a CloudEvents 1.0 event.')

export type ExplainedEvent = z.infer<typeof explainedEventSchema>
