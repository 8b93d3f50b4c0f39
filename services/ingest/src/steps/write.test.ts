import { wholeRecord } from '@outflow/records'
import { StoreUnavailable } from '@outflow/store'
import type { BatchWrite } from '@outflow/store/batch'
import { expect, test, vi } from 'vitest'
import type { ComparedBatch } from '../batch.js'
import { aDecoder, aDetector, aKafkaRecord, aLease, aReadBatch } from '../test-builders.js'
import { aDecideStep, aWriteConfig, writeInMemory } from '../test-steps.js'
import { score } from './score.js'
import type { WriteOptions } from './write.js'

async function decided(delays: readonly number[], rejectedOffsets: readonly number[] = []): Promise<ComparedBatch> {
  const rejection = { reason: 'wrong_type', detail: 'x' } as const
  const rejected = rejectedOffsets.map((offset) => ({ source: aKafkaRecord(offset, { delay: 'late' }), rejection }))
  const batch = aReadBatch(delays, { rejected })
  const all = [...batch.delivery.records, ...rejected.map(({ source }) => source)]
  const delivery = { ...batch.delivery, records: all, expectedOffset: 4n, nextOffset: 9n }
  return aDecideStep()(await score({ ...batch, delivery }))
}

function writing(overrides: Partial<WriteOptions> = {}) {
  const writes: BatchWrite[] = []
  const telemetry = { writeRetried: vi.fn() }
  const step = writeInMemory(writes, { recordOf: wholeRecord(aDecoder()), telemetry, ...overrides })
  return { step, writes, telemetry }
}

test('one write contains all changes of the batch', async () => {
  const { step, writes } = writing()
  await step(await decided([1, 9, 2], [3, 5]))
  expect(writes).toHaveLength(1)
  expect(writes[0]).toMatchObject({
    pipeline: 'flights',
    topic: 'flights',
    partition: 0,
    expectedOffset: 4n,
    nextOffset: 9n,
    received: 5,
    scored: 3,
    anomalies: [{ offset: 1n, nll: 9, severity: 'high', modelId: 'm1', entityKey: 'LAX', record: { delay: 9 } }],
    deadLetters: [
      {
        offset: 3n,
        recordTimeMs: Date.UTC(2026, 0, 1) + 3,
        reason: 'wrong_type',
        detail: 'x',
        value: expect.any(Buffer),
      },
      { offset: 5n },
    ],
    scores: [{ modelId: 'm1', scored: 3, anomalies: 1, nllMin: 1, nllMax: 9, nllSum: 12 }],
  })
})

test('the upper limit of a p-value is recalibrated like the p-value, and the anomaly has the id of the recalibration', async () => {
  const { step, writes } = writing()
  const recalibration = { at: [0, 1], shift: [Math.log(3), Math.log(3)] }
  const model = { ...aLease(), recalibration, recalibrationId: 7n }
  await step(await aDecideStep()(await score(aReadBatch([9], { model }))))
  const { pUpper, recalibrationId } = writes[0]!.anomalies[0]!
  const odds = (p: number) => p / (1 - p)
  expect(odds(pUpper)).toBeCloseTo(3 * odds(model.detector.pUpperLimit(9)), 12)
  expect(recalibrationId).toBe(7n)
})

test('skipped tombstones are not among the received records', async () => {
  const { step, writes } = writing()
  await step({ ...(await decided([1, 9, 2], [3, 5])), skipped: 2 })
  expect(writes[0]).toMatchObject({ received: 3, skipped: 2 })
})

test('anomalies of a provisional model are marked, and alerted only with alerts.provisional', async () => {
  const { metadata } = aDetector()
  const model = aLease(aDetector({ metadata: { ...metadata, provisional: true } }))
  const batch = { ...(await decided([1, 9])), model }
  const withheld = writing()
  await withheld.step(batch)
  expect(withheld.writes[0]).toMatchObject({ anomalies: [{ offset: 1n, provisional: true }], withholdsAlerts: true })
  expect(withheld.writes[0]!.outbox).toEqual([])
  const sent = writing({ config: aWriteConfig({ provisional: true }) })
  await sent.step(batch)
  expect(sent.writes[0]).toMatchObject({ anomalies: [{ provisional: true }], withholdsAlerts: false })
  const [alert] = sent.writes[0]!.outbox
  expect(JSON.parse(String(alert!.payload)).data.provisional).toBe(true)
})

test('alerts and dead letters are sent in the order of their records', async () => {
  const { step, writes } = writing()
  await step(await decided([9, 1, 9, 9], [1]))
  expect(writes[0]?.outbox.map(({ kind }) => kind)).toEqual(['alert', 'dead_letter', 'alert', 'alert'])
})

test('the same write is retried while the store is not available', async () => {
  let attempts = 0
  const seen: BatchWrite[] = []
  const { step, telemetry } = writing({
    writeBatch: async (write) => {
      seen.push(write)
      attempts += 1
      if (attempts < 3) throw new StoreUnavailable('Postgres is not available')
      return 'written'
    },
  })
  await step(await decided([9]))
  expect(new Set(seen).size).toBe(1)
  expect(telemetry.writeRetried).toHaveBeenCalledTimes(2)
})

test('after the service has begun to stop, a failed write is not retried', async () => {
  const abort = new AbortController()
  const writeBatch = vi.fn<WriteOptions['writeBatch']>().mockRejectedValue(new StoreUnavailable('still away'))
  const { step } = writing({ writeBatch, telemetry: { writeRetried: () => abort.abort() }, signal: abort.signal })
  await expect(step(await decided([9]))).rejects.toThrow('still away')
  expect(writeBatch).toHaveBeenCalledTimes(1)
})
