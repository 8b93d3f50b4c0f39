import type { Delivery } from '@outflow/streams'
import { firstValueFrom } from 'rxjs'
import { expect, test, vi } from 'vitest'
import { aDecoder, aDelivery, aDetector, aKafkaRecord, aLease } from '../test-builders.js'
import { decodeWith } from './decode.js'
import { readWith } from './read.js'

const decodeStep = decodeWith({
  decoder: aDecoder(),
  telemetry: { schemaFetchRetried: vi.fn() },
  signal: new AbortController().signal,
})
const decode = (delivery: Delivery) => firstValueFrom(decodeStep(delivery))

test('a record that reads well carries its fields, its time and its entity', async () => {
  const read = readWith({ borrowModel: () => aLease(), readEvent: () => ({ eventTimeMs: 5, entityKey: 'LAX' }) })
  const batch = read(await decode(aDelivery([aKafkaRecord(0, { delay: 3 })])))
  expect(batch.records).toMatchObject([
    { record: { delay: 3 }, fields: { numbers: [3] }, eventTimeMs: 5, entityKey: 'LAX' },
  ])
})

test('what the detector or the event rules refuse joins the records that did not decode', async () => {
  const read = readWith({
    borrowModel: () => aLease(),
    readEvent: ({ record }) =>
      record.date === 'never'
        ? { reason: 'bad_timestamp', detail: '$.date: no time' }
        : { eventTimeMs: 5, entityKey: null },
  })
  const batch = read(
    await decode(
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

test('the batch borrows one model, and reads every record by it', async () => {
  const leases = [aLease(), aLease(aDetector({ read: () => ({ reason: 'wrong_type', detail: 'another model' }) }))]
  const first = leases[0]!
  const read = readWith({ borrowModel: () => leases.shift()!, readEvent: () => ({ eventTimeMs: 0, entityKey: null }) })
  const batch = read(await decode(aDelivery([aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, { delay: 2 })])))
  expect(batch.model).toBe(first)
  expect(batch.records).toHaveLength(2)
})
