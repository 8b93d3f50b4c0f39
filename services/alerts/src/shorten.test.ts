import type { OutboxRow } from '@outflow/store/outbox'
import { expect, test } from 'vitest'
import { shorten } from './shorten.js'

test('an alert that is too large is sent without its record', () => {
  const event = { id: 'flights/flights/0/1', data: { offset: '1', record: { text: 'x'.repeat(100) }, reasons: [] } }
  const row = { kind: 'alert', payload: Buffer.from(JSON.stringify(event)), headers: [] } as unknown as OutboxRow
  const shortened = shorten(row)
  expect(JSON.parse(String(shortened.payload))).toEqual({ ...event, data: { ...event.data, record: {} } })
  expect(shortened.headers).toEqual([
    ['outflow.withheld', Buffer.from(`the record; the event had ${row.payload?.length} bytes`)],
  ])
})

test('an alert about several anomalies that is too large is sent without its examples', () => {
  const event = { type: 'outflow.anomaly_group.v1', data: { count: 7, examples: [{ key: 'x'.repeat(100) }] } }
  const row = { kind: 'alert', payload: Buffer.from(JSON.stringify(event)), headers: [] } as unknown as OutboxRow
  expect(JSON.parse(String(shorten(row).payload))).toEqual({ ...event, data: { count: 7, examples: [] } })
})

test.each(['dead_letter', 'explained', 'health_event'] as const)(
  'a message of kind %s that is too large is sent without its value',
  (kind) => {
    const row = { kind, payload: Buffer.from('{"data":{"record":1}}'), headers: [] } as unknown as OutboxRow
    const { payload, headers } = shorten(row)
    expect(payload).toBeNull()
    expect(headers).toEqual([['outflow.withheld', Buffer.from('the value, 21 bytes')]])
  },
)

test('an alert that is not JSON and too large is sent without its value', () => {
  const row = { kind: 'alert', payload: Buffer.from('{'), headers: [] } as unknown as OutboxRow
  expect(shorten(row).payload).toBeNull()
})
