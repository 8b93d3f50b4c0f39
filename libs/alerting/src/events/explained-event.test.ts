import { explainedEventSchema } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { exampleEvent } from './alert-event.js'
import { eventMessage } from './event-message.js'
import { explainedEvent } from './explained-event.js'

const late = {
  topic: 'flights',
  partition: 3,
  offset: 9_007_199_254_740_993n,
  eventTime: new Date('2001-01-01T09:30:00Z'),
  entityKey: 'LAX',
  modelId: 'm1',
  reasons: [{ field: 'delay', bits: 7, observed: 9, expected: 1, range: null, text: 'delay 9 is far above 1' }],
  counterfactual: { changes: [{ field: 'delay', from: 9, to: 1 }], nll: 2, text: 'normal with delay 1 instead of 9' },
}

test('the reasons of an alert that was sent are an event with its id, entity and key', () => {
  const event = explainedEvent(late, 'flights', 'https://console.example.com')
  expect(explainedEventSchema.parse(event)).toEqual({
    specversion: '1.0',
    type: 'outflow.anomaly_explained.v1',
    id: 'flights/flights/3/9007199254740993/explained',
    source: '/outflow/flights',
    subject: 'LAX',
    time: '2001-01-01T09:30:00.000Z',
    datacontenttype: 'application/json',
    data: {
      alertId: 'flights/flights/3/9007199254740993',
      pipeline: 'flights',
      topic: 'flights',
      partition: 3,
      offset: '9007199254740993',
      key: 'LAX',
      counterfactual: late.counterfactual,
      reasons: late.reasons,
      modelId: 'm1',
      url: 'https://console.example.com/anomalies/flights%2Fflights%2F3%2F9007199254740993',
    },
  })
  expect(eventMessage(event, { topic: 'alerts' })).toMatchObject({ kind: 'explained', key: Buffer.from('LAX') })
})

test('without an entity it has no subject, and the key of its alert, so that it follows it (both had none: any partition)', () => {
  const event = explainedEvent({ ...late, entityKey: null }, 'flights')
  expect(explainedEventSchema.parse(event)).not.toHaveProperty('subject')
  expect(event.data).toMatchObject({ key: null })
  expect(event.data).not.toHaveProperty('url')
  const alert = { ...exampleEvent('flights', late.eventTime), id: event.data.alertId }
  const messages = [{ ...alert, data: { ...alert.data, key: null } }, event].map((of) =>
    eventMessage(of, { topic: 'alerts' }),
  )
  expect(messages.map(({ key }) => String(key))).toEqual([event.data.alertId, event.data.alertId])
})
