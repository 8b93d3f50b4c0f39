import { ALERT_CONTENT_TYPE, alertEventSchema } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { type AlertedAnomaly, alertEvent, exampleEvent, explainedAlert } from './alert-event.js'
import { eventMessage } from './event-message.js'

const anomaly: AlertedAnomaly = {
  topic: 'flights',
  partition: 3,
  offset: 9_007_199_254_740_993n,
  eventTimeMs: Date.UTC(2001, 0, 1, 9, 30),
  entityKey: 'LAX',
  record: { delay: 9, note: 'ünï\u0000' },
  nll: 12.5,
  pValue: 0.0001,
  pUpper: 0.0004,
  missing: ['gate'],
  severity: 'high',
  modelId: 'm1',
}
const messageOf = (of: AlertedAnomaly) =>
  eventMessage(alertEvent(of, { pipeline: 'flights', detectedAtMs: Date.UTC(2026, 0, 1) }), { topic: 'flights.alerts' })

const eventOf = (of: AlertedAnomaly) => JSON.parse(String(messageOf(of).payload))

test('an alert is a CloudEvent keyed by its entity', () => {
  const message = messageOf(anomaly)
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
      counterfactual: null,
      missing: ['gate'],
      reasons: [],
    },
  })
})

test('explainedAlert adds the reasons and changes nothing else', () => {
  const explanation = {
    reasons: [{ field: 'delay', bits: 7, observed: 9, expected: 1, range: null, text: 'delay 9 is far above 1' }],
    counterfactual: { changes: [{ field: 'delay', from: 9, to: 1 }], nll: 2, text: 'normal with delay 1 instead of 9' },
  }
  const event = eventOf(anomaly)
  const explained = alertEventSchema.parse(explainedAlert(event, explanation))
  expect(explained).toEqual({ ...event, data: { ...event.data, ...explanation } })
})

test('without an entity the key is the id, and there is no subject', () => {
  const keyless = { ...anomaly, entityKey: null }
  expect(messageOf(keyless).key).toEqual(Buffer.from('flights/flights/3/9007199254740993'))
  expect(alertEventSchema.parse(eventOf(keyless))).not.toHaveProperty('subject')
  expect(eventOf({ ...anomaly, entityKey: '' })).not.toHaveProperty('subject')
})

test('the first and the last accepted event time can be written', () => {
  for (const time of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']) {
    expect(alertEventSchema.parse(eventOf({ ...anomaly, eventTimeMs: Date.parse(time) })).time).toBe(time)
  }
})

test('the example has the form of an alert and states that it is not an anomaly', () => {
  const event = alertEventSchema.parse(exampleEvent('flights', new Date('2026-01-01T00:00:00Z')))
  expect(event).toMatchObject({ id: 'flights/example/0/1767225600000', time: '2026-01-01T00:00:00.000Z' })
  expect(event.data.reasons[0]?.text).toMatch(/^not an anomaly/)
})
