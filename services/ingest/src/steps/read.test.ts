import { expect, test } from 'vitest'
import { aDelivery, aDetector, aKafkaRecord, aLease } from '../test-builders.js'
import { decodeWith } from './decode.js'
import { readWith } from './read.js'

const decode = decodeWith({ maxRecordBytes: 1_000 })

test('a record that reads well carries its fields, its time and its entity', () => {
  const read = readWith({ borrowModel: () => aLease(), readEvent: () => ({ eventTimeMs: 5, entityKey: 'LAX' }) })
  const batch = read(decode(aDelivery([aKafkaRecord(0, { delay: 3 })])))
  expect(batch.records).toMatchObject([
    { record: { delay: 3 }, fields: { numbers: [3] }, eventTimeMs: 5, entityKey: 'LAX' },
  ])
})

test('what the detector or the event rules refuse joins the records that did not decode', () => {
  const read = readWith({
    borrowModel: () => aLease(),
    readEvent: ({ record }) =>
      record.date === 'never'
        ? { reason: 'bad_timestamp', detail: '$.date: no time' }
        : { eventTimeMs: 5, entityKey: null },
  })
  const batch = read(
    decode(
      aDelivery([
        aKafkaRecord(0, Buffer.from('nonsense')),
        aKafkaRecord(1, { delay: 'late' }),
        aKafkaRecord(2, {}),
        aKafkaRecord(3, { delay: 1, date: 'never' }),
        aKafkaRecord(4, { delay: 1 }),
      ]),
    ),
  )
  expect(batch.records).toHaveLength(1)
  expect(batch.rejected.map(({ rejection }) => rejection.reason)).toEqual([
    'undecodable',
    'wrong_type',
    'missing_field',
    'bad_timestamp',
  ])
})

test('the batch borrows one model, and reads every record by it', () => {
  const leases = [aLease(), aLease(aDetector({ read: () => ({ reason: 'wrong_type', detail: 'another model' }) }))]
  const first = leases[0]!
  const read = readWith({ borrowModel: () => leases.shift()!, readEvent: () => ({ eventTimeMs: 0, entityKey: null }) })
  const batch = read(decode(aDelivery([aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, { delay: 2 })])))
  expect(batch.model).toBe(first)
  expect(batch.records).toHaveLength(2)
})
