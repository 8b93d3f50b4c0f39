import {
  anomalyId,
  EXPLAINED_EVENT_TYPE,
  type ExplainedEvent,
  type Explanation,
  type Position,
} from '@outflow/contracts'
import { cloudEvent } from './cloud-event.js'
import { anomalyUrl } from './console-url.js'

/** An anomaly whose reasons were computed after its alert was sent. */
interface LateAnomaly extends Position, Explanation {
  readonly eventTime: Date
  readonly entityKey: string | null
  readonly modelId: string
}

/** The event of the reasons of an anomaly, with its entity as subject. @param consoleUrl  undefined: the event has no link */
export function explainedEvent(anomaly: LateAnomaly, pipeline: string, consoleUrl?: string): ExplainedEvent {
  const { topic, partition, offset, entityKey, counterfactual, reasons, modelId } = anomaly
  const id = anomalyId(pipeline, anomaly)
  return cloudEvent({
    type: EXPLAINED_EVENT_TYPE,
    id: `${id}/explained`,
    subject: entityKey,
    timeMs: anomaly.eventTime.getTime(),
    data: {
      alertId: id,
      pipeline,
      topic,
      partition,
      offset: String(offset),
      key: entityKey,
      counterfactual,
      reasons: [...reasons],
      modelId,
      ...(consoleUrl !== undefined && { url: anomalyUrl(consoleUrl, id) }),
    },
  })
}
