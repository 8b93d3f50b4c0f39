import type { Queryable } from '@outflow/store'
import type { OutboxRow } from '@outflow/store/outbox'
import type { WaitingDelivery } from '@outflow/store/webhooks'
import { expect, test } from 'vitest'
import { waitingOf } from '../alert-decisions.js'
import { deliveryWithReasons, withReasons } from './with-reasons.js'

const data = { key: 'LAX', severity: 'low', nll: 20, pValue: 0.001, reasons: [] }
const alert = { id: 'flights/flights/0/7', type: 'outflow.anomaly.v1', time: '2026-01-01T00:00:00.000Z', data }
const delivery = { id: 1n, payload: Buffer.from(JSON.stringify(alert)) } as unknown as WaitingDelivery
const reason = {
  field: 'distance',
  bits: 3,
  text: 'distance 3,983 is far above the 2,475 of LAX→JFK',
  observed: 3_983,
  expected: 2_475,
  range: null,
}

const deliver = (stored: object) => {
  const db = { query: async () => ({ rows: [{ counterfactual: null, ...stored }] }) } as unknown as Queryable
  return deliveryWithReasons(db, 'flights', delivery)
}

test('a dead letter is sent byte for byte, also if it is an alert, from a topic of alerts (reasons were added to it)', async () => {
  const stored = { topic: 'flights', partition: 0, offset: 7n, reasons: [reason], counterfactual: null }
  const db = { query: async () => ({ rows: [stored] }) } as unknown as Queryable
  const rowOf = (kind: OutboxRow['kind']) => ({ kind, payload: delivery.payload, createdAt: new Date(0) })
  const [sent, letter] = await withReasons(db, 'flights', [rowOf('alert'), rowOf('dead_letter')])
  expect(JSON.parse(String(sent!.payload)).data.reasons).toEqual([reason])
  expect(letter).toEqual(rowOf('dead_letter'))
})

test.each([
  ['without data', { ...alert, data: undefined }],
  ['without an nll', { ...alert, data: { ...data, nll: undefined } }],
  ['whose id is not that of an anomaly', { ...alert, id: 'flights' }],
])('an alert %s is sent unchanged (it stopped the relay)', async (_, event) => {
  const db = { query: async () => ({ rows: [] }) } as unknown as Queryable
  const row = { kind: 'alert', payload: Buffer.from(JSON.stringify(event)), createdAt: new Date(0) } as const
  expect(await withReasons(db, 'flights', [row])).toEqual([row])
  expect(waitingOf({ ...row, id: 1n })).toEqual({ id: 1n, alert: null })
})

test('a delivery gets the reasons that were stored after its alert had left the outbox', async () => {
  const { payload } = await deliver({ reasons: [reason] })
  expect(JSON.parse(String(payload)).data.reasons).toMatchObject([{ field: 'distance' }])
})

test('a delivery whose stored reasons are damaged is sent without them (the webhooks of the pipeline stopped)', async () => {
  expect(await deliver({ reasons: [{ field: 1 }] })).toEqual(delivery)
})
