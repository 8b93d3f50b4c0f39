import {
  ALERT_CONTENT_TYPE,
  ALERT_EVENT_TYPE,
  type AlertEvent,
  formatPosition,
  type Position,
} from '@outflow/contracts'
import type { Anomaly } from '@outflow/store/anomalies'
import type { OutboxMessage } from '@outflow/store/outbox'

export interface AlertOptions {
  readonly pipeline: string
  readonly topic: string
  readonly detectedAtMs: number
  /** W3C trace context of the batch that the record was judged in. */
  readonly traceparent?: string | undefined
}

/**
 * Gives what is sent about an anomaly: a CloudEvent in structured JSON, keyed by the entity.
 *
 * @see CloudEvents 1.0.2, Kafka protocol binding, § 3.3: the content type rides as a header
 */
export function alertMessage(
  anomaly: Anomaly,
  at: Omit<Position, 'offset'>,
  { pipeline, topic, detectedAtMs, traceparent }: AlertOptions,
): OutboxMessage {
  return {
    kind: 'alert',
    topic,
    key: anomaly.entityKey === null ? null : Buffer.from(anomaly.entityKey),
    payload: Buffer.from(JSON.stringify(alertEvent(anomaly, at, pipeline, detectedAtMs))),
    headers: [
      ['content-type', ALERT_CONTENT_TYPE],
      ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ],
  }
}

function alertEvent(
  anomaly: Anomaly,
  { topic, partition }: Omit<Position, 'offset'>,
  pipeline: string,
  detectedAtMs: number,
): AlertEvent {
  const { offset, eventTimeMs, entityKey } = anomaly
  return {
    specversion: '1.0',
    type: ALERT_EVENT_TYPE,
    id: `${pipeline}/${formatPosition({ topic, partition, offset })}`,
    source: `/outflow/${pipeline}`,
    // CloudEvents wants a subject to be absent rather than empty.
    ...(entityKey ? { subject: entityKey } : {}),
    time: new Date(eventTimeMs).toISOString(),
    datacontenttype: 'application/json',
    data: {
      pipeline,
      topic,
      partition,
      offset: String(offset),
      key: entityKey,
      nll: anomaly.nll,
      pValue: anomaly.pValue,
      ...(anomaly.pUpper === null ? {} : { pUpper: anomaly.pUpper }),
      surpriseBits: -Math.log2(anomaly.pValue),
      nearest: anomaly.nearest,
      missing: [...anomaly.missing],
      severity: anomaly.severity,
      reasons: [...anomaly.reasons],
      record: anomaly.record as AlertEvent['data']['record'],
      modelId: anomaly.modelId,
      detectedAt: new Date(detectedAtMs).toISOString(),
    },
  }
}
