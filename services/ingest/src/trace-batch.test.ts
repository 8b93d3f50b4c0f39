import type { SpanStart, Tracing } from '@outflow/runtime'
import { PositionMoved } from '@outflow/store'
import type { BatchWrite } from '@outflow/store/batch'
import { expect, test, vi } from 'vitest'
import { score } from './steps/score.js'
import type { WriteOptions } from './steps/write.js'
import { aReadBatch, recordsOf } from './test-builders.js'
import { aDecideStep, writeInMemory } from './test-steps.js'

const traceparent = (index: number) => `00-${String(index).padStart(32, '1')}-${String(index).padStart(16, '2')}-01`

/** Records with these delays, each produced in a different trace; 9 is an anomaly. */
async function decided(delays: readonly number[]) {
  const batch = aReadBatch(delays)
  const records = recordsOf(batch).map((record, index) => ({
    ...record,
    source: { ...record.source, headers: [['traceparent', Buffer.from(traceparent(index))] as const] },
  }))
  const delivery = { ...batch.delivery, records: records.map(({ source }) => source) }
  return aDecideStep()(await score({ ...batch, delivery, records }))
}

function traced(overrides: Partial<WriteOptions> = {}) {
  const begun: { name: string; start: SpanStart }[] = []
  const end = vi.fn()
  const tracing: Tracing = {
    begin: (name, start) => {
      begun.push({ name, start })
      return { traceparent: traceparent(99), end }
    },
    close: async () => {},
  }
  const writes: BatchWrite[] = []
  return { step: writeInMemory(writes, { tracing, ...overrides }), begun, end, writes }
}

test('a batch is one span, linked to the traces of its records, the anomalous ones first', async () => {
  const { step, begun, end } = traced({ writeBatch: async () => 'superseded' })
  await expect(step(await decided([1, 2, 9]))).rejects.toThrow(PositionMoved)
  expect(begun).toMatchObject([
    {
      name: 'process flights',
      start: { kind: 'CONSUMER', attributes: { 'messaging.batch.message_count': 3, 'outflow.anomalies': 1 } },
    },
  ])
  expect([...begun[0]!.start.causes!]).toEqual([2, 0, 1, 2].map(traceparent))
  expect(end.mock.calls).toEqual([[{ 'outflow.outcome': 'superseded' }]])
})

test('an alert has the trace context of its batch', async () => {
  const { step, writes } = traced()
  await step(await decided([1, 9]))
  expect(writes[0]!.outbox.map(({ headers }) => headers.filter(([name]) => name === 'traceparent'))).toEqual([
    [['traceparent', traceparent(99)]],
  ])
})
