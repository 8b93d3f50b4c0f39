import { type Log, makeMetrics } from '@outflow/runtime'
import { StoreUnavailable } from '@outflow/store'
import { BrokerUnavailable, TopicUnknown } from '@outflow/streams'
import { expect, test } from 'vitest'
import type { ComparedBatch } from './batch.js'
import { type IngestTelemetry, makeTelemetry } from './telemetry.js'
import { aDetector, aKafkaRecord, aReadBatch } from './test-builders.js'

function telling() {
  const lines: { level: string; message: string }[] = []
  const at = (level: string) => (fields: unknown, message?: string) =>
    void lines.push({ level, message: message ?? String(fields) })
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log
  const metrics = makeMetrics()
  const telemetry = makeTelemetry(log, metrics, { alertRate: 0.001 })
  telemetry.partitionsAssigned([{ topic: 'flights', partition: 0 }])
  lines.splice(0)
  return { telemetry, metrics, lines }
}

function written(): ComparedBatch {
  const rejection = { reason: 'wrong_type', detail: 'x' } as const
  const batch = aReadBatch([1, 2, 9], { rejected: [{ source: aKafkaRecord(3, {}), rejection }] })
  return {
    ...batch,
    scores: { nll: Float64Array.of(1, 2, 9), pValue: Float64Array.of(1, 1, 0), unseenValues: 4, missingValues: 1 },
    ownPValue: Float64Array.of(1, 1, 0),
    decisions: { isAnomaly: Uint8Array.of(0, 0, 1), anomalies: [{ index: 2, severity: 'high' }], fdrState: null },
    fdrBefore: null,
  }
}

test('a written batch is counted: records, rejects, anomalies, missing values, lag', async () => {
  const { telemetry, metrics, lines } = telling()
  telemetry.batchWritten(written())
  const text = await metrics.text()
  expect(text).toContain('outflow_records_total{topic="flights"} 3')
  expect(text).toContain('outflow_rejected_total{reason="wrong_type"} 1')
  expect(text).toContain('outflow_rejected_total{reason="empty"} 0')
  expect(text).toContain('outflow_anomalies_total{severity="high"} 1')
  expect(text).toContain('outflow_anomalies_total{severity="low"} 0')
  expect(text).toContain('outflow_missing_values_total 1')
  expect(text).toContain('outflow_unseen_categories_total 4')
  expect(text).toContain('outflow_consumer_lag_records{topic="flights",partition="0"} 97')
  expect(lines).toEqual([{ level: 'debug', message: 'batch written' }])
})

test('the records of a batch are lag until it is written (while Postgres was down, the lag stayed at that of the batch before)', async () => {
  const { telemetry, metrics } = telling()
  const lag = async () => /outflow_consumer_lag_records\{.*\} (\d+)/.exec(await metrics.text())?.[1]
  const batch = written()
  telemetry.batchBegun(batch.delivery)
  expect(await lag()).toBe('100')
  telemetry.batchWritten(batch)
  expect(await lag()).toBe('97')
})

test('of the retries of an outage, attempts that double are logged (each was, of a batch for each partition)', () => {
  const error = new StoreUnavailable('Postgres is not available')
  const linesOf = (retry: (telemetry: IngestTelemetry, attempt: number) => void) => {
    const { telemetry, lines } = telling()
    for (let attempt = 1; attempt <= 100; attempt++) retry(telemetry, attempt)
    return lines
  }
  const sevenOf = (message: string) => Array(7).fill({ level: 'warn', message })
  const { delivery } = written()
  expect(linesOf((telemetry, attempt) => telemetry.writeRetried(delivery, error, attempt, 5_000))).toEqual(
    sevenOf('batch write retried'),
  )
  expect(linesOf((telemetry, attempt) => telemetry.modelLoadRetried('m1', error, attempt))).toEqual(
    sevenOf('model load retried'),
  )
  expect(linesOf((telemetry, attempt) => telemetry.shadowFailed('m2', error, attempt))).toEqual(
    sevenOf('shadow failed'),
  )
})

test('of the restarts of the consumer without an assignment, attempts that double are logged, of each error (one that began later was not)', () => {
  const { telemetry, lines } = telling()
  const restart = (times: number, error = new BrokerUnavailable('no broker')) => {
    for (let attempt = 1; attempt <= times; attempt++) telemetry.consumerRestarted(error)
    return lines.splice(0).filter(({ message }) => message === 'consumer restarted').length
  }
  expect(restart(100)).toBe(7)
  expect(restart(1, new TopicUnknown(['flights']))).toBe(1)
  telemetry.partitionsAssigned([{ topic: 'flights', partition: 0 }])
  expect(restart(1)).toBe(1)
})

test('a recreated topic is a warning unless records of the new one were deleted unread (it was an error with "missed": "0")', () => {
  const { telemetry, lines } = telling()
  const recreated = (missed: bigint) => ({
    ...{ topic: 'flights', partition: 0, kind: 'recreated' as const, missed },
    stored: { nextOffset: 25n, topicId: 'first' },
    next: { nextOffset: missed, topicId: 'second' },
  })
  telemetry.recordsMissed(recreated(0n))
  telemetry.recordsMissed(recreated(5n))
  expect(lines).toEqual([
    { level: 'warn', message: 'topic recreated' },
    { level: 'error', message: 'records missed' },
  ])
})

test('a superseded batch is logged and not counted', async () => {
  const { telemetry, metrics, lines } = telling()
  telemetry.superseded(written().delivery)
  expect(await metrics.text()).not.toContain('outflow_records_total{')
  expect(lines).toEqual([{ level: 'warn', message: 'batch superseded' }])
})

test('issue 17.10: a model for which no record can be an anomaly is logged as a warning', () => {
  const { telemetry, lines } = telling()
  const { metadata } = aDetector()
  const unreachable = { ...metadata, calibration: { ...metadata.calibration, smallestPValue: 0.02 } }
  telemetry.modelServed('m1', unreachable, { previousId: null, insteadOf: null, promotedAt: null })
  expect(lines.map(({ message }) => message)).toEqual(['model served', 'detection limited'])
})

test('the lag of a partition that was assigned to another instance is no longer reported', async () => {
  const { telemetry, metrics } = telling()
  telemetry.batchWritten(written())
  telemetry.partitionsAssigned([{ topic: 'flights', partition: 1 }])
  expect(await metrics.text()).not.toContain('outflow_consumer_lag_records{')
})

test('a batch that ends after its partition was assigned to another instance reports no lag (it did until the next assignment)', async () => {
  const { telemetry, metrics } = telling()
  telemetry.partitionsAssigned([{ topic: 'flights', partition: 1 }])
  telemetry.batchWritten(written())
  expect(await metrics.text()).not.toContain('outflow_consumer_lag_records{')
})

test('a superseded batch is no lag once its partition was sought (it was until the next record)', async () => {
  const { telemetry, metrics } = telling()
  const { delivery } = written()
  telemetry.batchBegun(delivery)
  telemetry.superseded(delivery)
  telemetry.partitionsSought([{ topic: 'flights', partition: 0, offset: 100n }])
  expect(await metrics.text()).not.toContain('outflow_consumer_lag_records{')
})
