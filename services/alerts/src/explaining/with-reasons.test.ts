import type { Queryable } from '@outflow/store'
import type { OutboxRow } from '@outflow/store/outbox'
import type { WaitingDelivery } from '@outflow/store/webhooks'
import { expect, test } from 'vitest'
import { deliveryWithReasons, withReasons } from './with-reasons.js'

const data = { topic: 'flights', partition: 0, offset: '7', reasons: [], counterfactual: null }
const alert = { id: 'flights/flights/0/7', type: 'outflow.anomaly.v1', data }
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

test('a delivery gets the reasons that were stored after its alert had left the outbox', async () => {
  const { payload } = await deliver({ reasons: [reason] })
  expect(JSON.parse(String(payload)).data.reasons).toMatchObject([{ field: 'distance' }])
})

test('a delivery whose stored reasons are damaged is sent without them (the webhooks of the pipeline stopped)', async () => {
  expect(await deliver({ reasons: [{ field: 1 }] })).toEqual(delivery)
})
