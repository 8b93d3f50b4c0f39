import type { OutboxRow } from '@outflow/store/outbox'
import { expect, test } from 'vitest'
import { handOversOf } from './hand-over.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const WEBHOOKS = [
  { name: 'pager', send: ['alerts', 'health'] },
  { name: 'chat', send: ['alerts'] },
  { name: 'desk', send: ['health'] },
] as const

const aRow = (kind: OutboxRow['kind'], headers: OutboxRow['headers'] = []): OutboxRow => ({
  ...{ sequence: 7n, kind, topic: 'any', partition: null, key: null, headers, createdAt: new Date(0) },
  payload: Buffer.from(JSON.stringify({ id: 'an-event' })),
})

const namesOf = (kind: OutboxRow['kind']) =>
  handOversOf(
    aRow(kind),
    WEBHOOKS.map((hook) => ({ ...hook, send: [...hook.send] })),
  ).map(({ webhook }) => webhook)

test('each webhook receives the kinds of event that it is configured for, and no others', () => {
  expect(namesOf('alert')).toEqual(['pager', 'chat'])
  expect(namesOf('health_event')).toEqual(['pager', 'desk'])
  expect(namesOf('explained')).toEqual([])
  expect(namesOf('dead_letter')).toEqual([])
  expect(namesOf('resent')).toEqual([])
})

test('the trace context of an alert is queued with it, if it has one', () => {
  const chat = [{ name: 'chat', send: ['alerts' as const] }]
  const row = aRow('alert', [
    ['content-type', Buffer.from('x')],
    ['traceparent', Buffer.from(TRACEPARENT)],
  ])
  expect(handOversOf(row, chat)).toEqual([
    { sequence: 7n, eventId: 'an-event', webhook: 'chat', traceparent: TRACEPARENT },
  ])
  expect(handOversOf(aRow('alert'), chat)).toMatchObject([{ traceparent: null }])
})
