import { ALERT_CONTENT_TYPE, alertEventSchema } from '@outflow/contracts'
import type { Anomaly } from '@outflow/store/anomalies'
import { expect, test } from 'vitest'
import { alertMessage } from './alert.js'

const anomaly: Anomaly = {
  offset: 9_007_199_254_740_993n,
  recordTimeMs: 0,
  eventTimeMs: Date.UTC(2001, 0, 1, 9, 30),
  entityKey: 'LAX',
  record: { delay: 9, note: 'ünï\u0000' },
  nll: 12.5,
  pValue: 0.0001,
  pUpper: 0.0004,
  nearest: { changes: [{ field: 'delay', from: 9, to: 1 }], nll: 2, text: 'normal with delay 1 instead of 9' },
  missing: ['gate'],
  severity: 'high',
  reasons: [{ field: 'delay', bits: 7, observed: 9, expected: 1, range: [0, 2], text: 'delay 9 is far above 1' }],
  modelId: 'm1',
}
const at = { topic: 'flights', partition: 3 }
const options = { pipeline: 'flights', topic: 'flights.alerts', detectedAtMs: Date.UTC(2026, 0, 1) }

const eventOf = (of: Anomaly) => JSON.parse(String(alertMessage(of, at, options).payload))

test('an alert is a CloudEvent keyed by its entity', () => {
  const message = alertMessage(anomaly, at, options)
  expect(message).toMatchObject({
    kind: 'alert',
    topic: 'flights.alerts',
    key: Buffer.from('LAX'),
    headers: [['content-type', ALERT_CONTENT_TYPE]],
  })
  const event = alertEventSchema.parse(eventOf(anomaly))
  expect(event).toMatchObject({
    id: 'flights/flights/3/9007199254740993',
    source: '/outflow/flights',
    subject: 'LAX',
    time: '2001-01-01T09:30:00.000Z',
    data: {
      offset: '9007199254740993',
      record: anomaly.record,
      detectedAt: '2026-01-01T00:00:00.000Z',
      pUpper: 0.0004,
      surpriseBits: -Math.log2(0.0001),
      nearest: anomaly.nearest,
      missing: ['gate'],
    },
  })
})

test('without an entity there is no key and no subject', () => {
  const nobody = { ...anomaly, entityKey: null }
  expect(alertMessage(nobody, at, options).key).toBeNull()
  expect(alertEventSchema.parse(eventOf(nobody))).not.toHaveProperty('subject')
  expect(eventOf({ ...anomaly, entityKey: '' })).not.toHaveProperty('subject')
})

test('the first and the last event time that is let in can be told', () => {
  for (const time of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']) {
    expect(alertEventSchema.parse(eventOf({ ...anomaly, eventTimeMs: Date.parse(time) })).time).toBe(time)
  }
})
