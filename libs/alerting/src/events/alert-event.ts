import {
  ALERT_EVENT_TYPE,
  type AlertEvent,
  anomalyId,
  type Explanation,
  type FoundAnomaly,
  type Position,
} from '@outflow/contracts'
import { cloudEvent, surpriseBits, timeText } from './cloud-event.js'
import { anomalyUrl } from './console-url.js'

/** The fields of an anomaly that its alert contains. */
export interface AlertedAnomaly extends FoundAnomaly, Position {}

interface AlertOrigin {
  readonly pipeline: string
  readonly detectedAtMs: number
  /** Of the configuration; undefined: the event has no link. */
  readonly consoleUrl?: string | undefined
}

/** The event of an anomaly, with its entity as subject; without reasons, which are computed later. */
export function alertEvent(anomaly: AlertedAnomaly, { pipeline, detectedAtMs, consoleUrl }: AlertOrigin): AlertEvent {
  const { topic, partition, offset, entityKey } = anomaly
  const id = anomalyId(pipeline, anomaly)
  return cloudEvent({
    type: ALERT_EVENT_TYPE,
    id,
    subject: entityKey,
    timeMs: anomaly.eventTimeMs,
    data: {
      pipeline,
      topic,
      partition,
      offset: String(offset),
      key: entityKey,
      nll: anomaly.nll,
      pValue: anomaly.pValue,
      pUpper: anomaly.pUpper,
      surpriseBits: surpriseBits(anomaly.pValue),
      counterfactual: null,
      missing: [...anomaly.missing],
      severity: anomaly.severity,
      reasons: [],
      record: anomaly.record as AlertEvent['data']['record'],
      modelId: anomaly.modelId,
      ...(anomaly.provisional && { provisional: true }),
      ...(consoleUrl !== undefined && { url: anomalyUrl(consoleUrl, id) }),
      detectedAt: timeText(detectedAtMs),
    },
  })
}

/** The event with the reasons of its anomaly. */
export function explainedAlert(event: AlertEvent, { reasons, counterfactual }: Explanation): AlertEvent {
  return { ...event, data: { ...event.data, counterfactual, reasons: [...reasons] } }
}

/** An example event for testing a webhook; its text states that it is not an anomaly. */
export function exampleEvent(pipeline: string, now: Date, consoleUrl?: string): AlertEvent {
  const nowMs = now.getTime()
  const reason = {
    field: 'example',
    bits: 13,
    observed: 'a try',
    expected: 'an anomaly',
    range: null,
    text: 'not an anomaly: a test of this webhook by outflow webhooks test',
  }
  const anomaly: AlertedAnomaly = {
    topic: 'example',
    partition: 0,
    offset: BigInt(nowMs),
    eventTimeMs: nowMs,
    entityKey: 'a test, not an anomaly',
    record: { example: 'a try' },
    missing: [],
    nll: 42,
    pValue: 0.0001,
    pUpper: 0.0003,
    severity: 'low',
    modelId: 'example',
  }
  return explainedAlert(alertEvent(anomaly, { pipeline, detectedAtMs: nowMs, consoleUrl }), {
    reasons: [reason],
    counterfactual: null,
  })
}
