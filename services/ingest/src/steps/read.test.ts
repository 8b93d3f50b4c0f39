import { batchReader } from '@outflow/records'
import { fieldsAt } from '@outflow/records/fields'
import type { KafkaRecord } from '@outflow/streams'
import { expect, test } from 'vitest'
import { aDecoder, aDelivery, aDetector, aKafkaRecord, aLease, FEATURES, recordsOf } from '../test-builders.js'
import { aReadStep } from '../test-steps.js'

const aBatch = (...records: readonly KafkaRecord[]) => ({ delivery: aDelivery(records), startedAtMs: 0 })

test('a valid record has its fields, its time and its entity', () => {
  const source = { timestamp: '$.at', key: '$.id' }
  const read = aReadStep({
    readerFor: (detector) => batchReader({ decoder: aDecoder(), source, features: detector.metadata.features }),
  })
  const batch = read(aBatch(aKafkaRecord(0, { at: 1_767_225_600_005, id: 'LAX', delay: 3, note: 'unread' })))
  expect(recordsOf(batch)).toEqual([
    { source: batch.delivery.records.at(0), eventTimeMs: 1_767_225_600_005, entityKey: 'LAX' },
  ])
  expect(fieldsAt(batch.fields, 0)).toEqual({ numbers: [3], categories: [] })
})

test('a record that does not decode, or that the features or event rules reject, is rejected with its message', () => {
  const source = { timestamp: '$.date' }
  const read = aReadStep({
    readerFor: (detector) => batchReader({ decoder: aDecoder(), source, features: detector.metadata.features }),
  })
  const sources = [
    aKafkaRecord(0, Buffer.from('nonsense')),
    aKafkaRecord(1, { delay: 'late' }),
    aKafkaRecord(2, { delay: 1, date: 'never' }),
    aKafkaRecord(3, { delay: 1, date: '2026-01-01' }),
    aKafkaRecord(4, null),
  ]
  const batch = read(aBatch(...sources))
  expect(recordsOf(batch).map(({ source }) => source)).toEqual([sources[3]])
  expect(batch.fields).toEqual({ count: 1, numbers: Float64Array.of(1), categories: [] })
  expect(batch.rejected.map(({ source, rejection }) => [source.offset, rejection.reason])).toEqual([
    [0n, 'undecodable'],
    [1n, 'wrong_type'],
    [2n, 'bad_timestamp'],
    [4n, 'empty'],
  ])
})

test('issue 17.10: a tombstone is counted and skipped if so configured, an empty value is not', () => {
  const read = aReadStep({ tombstones: 'skip' })
  const batch = read(aBatch(aKafkaRecord(0, null), aKafkaRecord(1, { delay: 1 }), aKafkaRecord(2, Buffer.alloc(0))))
  expect(batch.skipped).toBe(1)
  expect(recordsOf(batch).map(({ source }) => source.offset)).toEqual([1n])
  expect(batch.recordTimesMs).toEqual(Float64Array.of(recordsOf(batch)[0]!.source.timestampMs))
  expect(batch.rejected.map(({ source, rejection }) => [source.offset, rejection.reason])).toEqual([[2n, 'empty']])
})

test('issue 17.19: a record that could not be read from its batch is rejected as too_large, not skipped as a tombstone', () => {
  const read = aReadStep({ tombstones: 'skip' })
  const unreadable = 'a compressed batch has at most 33554432 bytes'
  const { skipped, rejected } = read(aBatch(aKafkaRecord(0, null, { unreadable })))
  expect(skipped).toBe(0)
  expect(rejected.map(({ rejection }) => rejection)).toEqual([{ reason: 'too_large', detail: unreadable }])
})

test('the batch borrows one model and reads every record with it', () => {
  const { metadata } = aDetector()
  const refusing = aDetector({
    metadata: { ...metadata, features: [...FEATURES, { path: '$.origin', type: 'categorical', optional: false }] },
  })
  const leases = [aLease(), aLease(refusing), aLease()]
  const [first] = leases
  const read = aReadStep({ borrowModel: () => leases.shift()! })
  const batch = read(aBatch(aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, { delay: 2 })))
  expect(batch.model).toBe(first)
  expect(batch.records).toHaveLength(2)
  expect(read(aBatch(aKafkaRecord(2, { delay: 3 }))).rejected).toHaveLength(1)
})
