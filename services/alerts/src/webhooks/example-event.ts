import { ALERT_EVENT_TYPE, type AlertEvent } from '@outflow/contracts'

/** An event that says of itself that it is none, to try a webhook with. */
export function exampleEvent(pipeline: string, now: Date): AlertEvent {
  const time = now.toISOString()
  return {
    specversion: '1.0',
    type: ALERT_EVENT_TYPE,
    id: `${pipeline}/example/0/${now.getTime()}`,
    source: `/outflow/${pipeline}`,
    subject: 'example',
    time,
    datacontenttype: 'application/json',
    data: {
      pipeline,
      topic: 'example',
      partition: 0,
      offset: String(now.getTime()),
      key: 'example',
      nll: 42,
      pValue: 0.0001,
      severity: 'low',
      reasons: [
        {
          field: 'example',
          bits: 13,
          observed: 'a try',
          expected: 'an anomaly',
          range: null,
          text: 'no anomaly: somebody tries this webhook by outflow webhooks test',
        },
      ],
      record: { example: 'a try' },
      modelId: 'example',
      detectedAt: time,
    },
  }
}
